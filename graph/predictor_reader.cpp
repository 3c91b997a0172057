#include "graph/predictor_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "graph/fields.hpp"

namespace infergraph::graph {

using protocol::Transport;
using protocol::json::Kind;

namespace {

using namespace std::string_view_literals;

constexpr std::array kTypes{std::pair{"UNKNOWN_TYPE"sv, NodeType::kUnknown},
                            std::pair{"ROUTER"sv, NodeType::kRouter},
                            std::pair{"COMBINER"sv, NodeType::kCombiner},
                            std::pair{"MODEL"sv, NodeType::kModel},
                            std::pair{"TRANSFORMER"sv, NodeType::kTransformer},
                            std::pair{"OUTPUT_TRANSFORMER"sv, NodeType::kOutputTransformer}};

constexpr std::array kMethods{std::pair{"TRANSFORM_INPUT"sv, &MethodSet::transform_input},
                              std::pair{"TRANSFORM_OUTPUT"sv, &MethodSet::transform_output},
                              std::pair{"ROUTE"sv, &MethodSet::route},
                              std::pair{"AGGREGATE"sv, &MethodSet::aggregate},
                              std::pair{"SEND_FEEDBACK"sv, &MethodSet::send_feedback}};

constexpr std::array kTransports{std::pair{"REST"sv, Transport::kRest},
                                 std::pair{"GRPC"sv, Transport::kGrpc}};

// These two are kept as they are written; being allowed is all that they mean here.
constexpr std::array kParameterTypes{
    std::pair{"INT"sv, "INT"sv}, std::pair{"FLOAT"sv, "FLOAT"sv}, std::pair{"DOUBLE"sv, "DOUBLE"sv},
    std::pair{"STRING"sv, "STRING"sv}, std::pair{"BOOL"sv, "BOOL"sv}};
constexpr std::array kLoggerModes{std::pair{"all"sv, "all"sv}, std::pair{"request"sv, "request"sv},
                                  std::pair{"response"sv, "response"sv}};

template <typename Array>
auto names(const Array& table) {
  return EnumNames<typename Array::value_type::second_type>(table);
}

Implementation implementation_of(std::string_view name) {
  if (name.empty() || name == "UNKNOWN_IMPLEMENTATION") return Implementation::kUnknown;
  if (name == "SIMPLE_MODEL") return Implementation::kSimpleModel;
  if (name == "SIMPLE_ROUTER") return Implementation::kSimpleRouter;
  if (name == "RANDOM_ABTEST") return Implementation::kRandomAbTest;
  if (name == "AVERAGE_COMBINER") return Implementation::kAverageCombiner;
  return Implementation::kPrepackaged;
}

/// Calls `see` with the fields of every object in an array.
template <typename See>
void each_object(const Fields& parent, std::string_view name, See see) {
  const JsonValue* const array = parent.array(name);
  if (array == nullptr) return;
  const Place place(parent.place(), name);
  std::size_t index = 0;
  for (const JsonValue& element : array->children()) {
    const Place here(place, index++);
    if (!parent.expect(element, here, Kind::kObject)) continue;
    see(Fields(&element, here, parent.problems()));
  }
}

MethodSet read_methods(const Fields& node) {
  MethodSet methods;
  const JsonValue* const array = node.array("methods");
  if (array == nullptr) return methods;
  const Place place(node.place(), "methods");
  std::size_t index = 0;
  for (const JsonValue& element : array->children()) {
    const Place here(place, index++);
    if (!node.expect(element, here, Kind::kString)) continue;
    const auto method = node.match(element, here, names(kMethods));
    if (method) methods.** method = true;
  }
  return methods;
}

Endpoint read_endpoint(const Fields& node) {
  const Place place(node.place(), "endpoint");
  const Fields fields(node.object("endpoint"), place, node.problems());
  Endpoint endpoint;
  endpoint.service_host = fields.string("service_host");
  endpoint.service_port = fields.port("service_port");
  endpoint.http_port = fields.port("httpPort");
  endpoint.grpc_port = fields.port("grpcPort");
  endpoint.type = fields.one_of("type", names(kTransports));
  const bool is_host = std::ranges::none_of(endpoint.service_host, [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '/';
  });
  if (!is_host) {
    fields.add_problem("service_host", quoted(endpoint.service_host) + " is not a host name");
  }
  return endpoint;
}

std::optional<LoggerSpec> read_logger(const Fields& node) {
  const JsonValue* const logger = node.object("logger");
  if (logger == nullptr) return std::nullopt;
  const Place place(node.place(), "logger");
  const Fields fields(logger, place, node.problems());
  LoggerSpec read;
  read.mode = fields.one_of("mode", names(kLoggerModes)).value_or("");
  if (read.mode.empty()) {
    fields.add_problem("mode", "is missing; one of all, request, response is needed");
  }
  read.url = fields.string("url");
  return read;
}

std::vector<Container> read_containers(const Fields& predictor) {
  std::vector<Container> containers;
  each_object(predictor, "componentSpecs", [&](const Fields& component) {
    const Place place(component.place(), "spec");
    const Fields pod(component.object("spec"), place, component.problems());
    each_object(pod, "containers", [&](const Fields& fields) {
      Container container{fields.string("name"), fields.string("image")};
      each_object(fields, "ports", [&](const Fields& port) {
        const std::string_view name = port.string("name");
        const std::uint16_t number = port.port("containerPort");
        if (name == "http") container.http_port = number;
        if (name == "grpc") container.grpc_port = number;
      });
      containers.push_back(container);
    });
  });
  return containers;
}

/// Gives each node the image of the container that bears its name, the first if there are several.
void set_images(std::vector<NodeSpec>& nodes, const std::vector<Container>& containers) {
  std::unordered_map<std::string_view, std::string_view> images;
  for (const Container& container : containers) images.emplace(container.name, container.image);
  for (NodeSpec& node : nodes) {
    const auto found = images.find(node.name);
    if (found == images.end()) continue;
    const std::string_view image = found->second;
    const std::size_t slash = image.rfind('/');
    const std::size_t colon = image.find_last_of(':');
    // A colon before the last slash belongs to the registry's port.
    const bool tagged = colon != image.npos && (slash == image.npos || colon > slash);
    node.image = image.substr(0, tagged ? colon : image.npos);
    if (tagged) node.image_version = image.substr(colon + 1);
    // Node names are unique; of two alike, which is a problem, one image is enough.
    images.erase(found);
  }
}

}  // namespace

PredictorReading PredictorReader::read(const JsonValue& value, std::string path) {
  PredictorReading reading;
  const Place place(path);
  const Fields fields(&value, place, problems_);
  reading.predictor.name = fields.string("name");
  reading.predictor.annotations = fields.strings("annotations");
  reading.predictor.labels = fields.strings("labels");
  for (const std::string_view number : {"replicas", "traffic"}) (void)fields.integer(number);
  reading.containers = read_containers(fields);

  const JsonValue* const graph = fields.object("graph");
  if (graph != nullptr) {
    reading.is_cut = !read_graph(*graph, Place(place, "graph").text(), reading.predictor.nodes);
    set_images(reading.predictor.nodes, reading.containers);
  } else {
    fields.add_problem("graph", "is missing");
  }
  reading.path = std::move(path);
  return reading;
}

bool PredictorReader::read_graph(const JsonValue& root, const std::string& path,
                                 std::vector<NodeSpec>& nodes) {
  struct Waiting {
    const JsonValue* value;
    std::size_t parent;
    std::size_t index;  // among the parent's children
    std::size_t depth;
  };
  // A stack of our own: the last in is the next node, so children go in last first.
  std::vector<Waiting> waiting{{&root, 0, 0, 1}};
  std::vector<const JsonValue*> children;
  while (!waiting.empty()) {
    const Waiting next = waiting.back();
    waiting.pop_back();
    const bool is_root = next.value == &root;
    const Place siblings(is_root ? std::string_view() : nodes[next.parent].path);
    const Place in_list(siblings, "children");
    const Place place = is_root ? Place(path) : Place(in_list, next.index);
    if (nodes_ == kMaxNodes) {
      problems_.add(path, "more than " + grouped(kMaxNodes) + " nodes");
      return false;
    }
    if (next.depth > max_depth_) {
      problems_.add(place, "more than " + grouped(max_depth_) + " nodes deep");
      continue;
    }
    const Fields fields(next.value, place, problems_);
    if (!fields.expect(*next.value, place, Kind::kObject)) continue;

    ++nodes_;
    const std::size_t at = nodes.size();
    nodes.push_back(read_node(*next.value, place.text()));
    if (!is_root) nodes[next.parent].children.push_back(at);

    const JsonValue* const array = fields.array("children");
    if (array == nullptr) continue;
    children.clear();
    for (const JsonValue& child : array->children()) children.push_back(&child);
    for (std::size_t i = children.size(); i > 0; --i) {
      waiting.push_back({children[i - 1], at, i - 1, next.depth + 1});
    }
  }
  return true;
}

NodeSpec PredictorReader::read_node(const JsonValue& value, std::string path) {
  const Place place(path);
  const Fields fields(&value, place, problems_);
  NodeSpec node;
  node.name = fields.string("name");
  node.implementation_name = fields.string("implementation");
  node.implementation = implementation_of(node.implementation_name);
  node.type = fields.one_of("type", names(kTypes)).value_or(NodeType::kUnknown);
  node.methods = read_methods(fields);
  node.endpoint = read_endpoint(fields);
  each_object(fields, "parameters", [&](const Fields& parameter) {
    Parameter read;
    read.name = parameter.string("name");
    read.value = parameter.scalar_text("value");
    read.type = parameter.one_of("type", names(kParameterTypes)).value_or("");
    node.parameters.push_back(std::move(read));
  });
  node.logger = read_logger(fields);
  node.model_uri = fields.string("modelUri");
  node.path = std::move(path);
  return node;
}

}  // namespace infergraph::graph
