#include "graph/spec/predictor_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/ascii.hpp"
#include "graph/spec/component_reader.hpp"
#include "graph/spec/schema.hpp"

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

MethodSet read_methods(const Fields& node) {
  MethodSet methods;
  const JsonValue* const array = node.array("methods");
  if (array == nullptr) return methods;
  const Place place(node.place(), "methods");
  std::size_t index = 0;
  for (const JsonValue& element : array->children()) {
    const Place here(place, index++);
    const auto method = node.match(node.string_of(element, here), here, names(kMethods));
    if (method) methods.** method = true;
  }
  return methods;
}

// What is wrong with a host, or "".
std::string fault_of_host(std::string_view host) {
  const bool has_scheme = host.find("://") != host.npos;
  const std::size_t colon = host.find(':');
  const bool has_port = !has_scheme && colon != host.npos && host.find(':', colon + 1) == host.npos;
  if (has_scheme) {
    std::string_view bare = host.substr(host.find("://") + 3);
    bare = bare.substr(0, bare.find_first_of(":/"));
    return "is a URL: give the host alone, " + quoted(bare) +
           ", and what follows a colon as service_port";
  }
  if (has_port) {
    return "holds a port too: give the host alone, " + quoted(host.substr(0, colon)) +
           ", and service_port: " + std::string(host.substr(colon + 1, 16));
  }
  const bool is_host = std::ranges::none_of(
      host, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '/'; });
  return is_host ? "" : "is not a host name";
}

Endpoint read_endpoint(const Fields& node) {
  const Place place(node.place(), "endpoint");
  const Fields fields(node.object("endpoint"), place, node.findings());
  check_own_keys(fields, schema::kEndpoint);
  Endpoint endpoint;
  endpoint.service_host = fields.string("service_host");
  endpoint.service_port = fields.port("service_port");
  endpoint.http_port = fields.port("httpPort");
  endpoint.grpc_port = fields.port("grpcPort");
  const std::string_view type = fields.string("type");
  if (same_name(type, "http") || same_name(type, "https")) {
    fields.add_problem("type", quoted(type) + " is not one of REST, GRPC; did you mean \"REST\"?");
  } else {
    endpoint.type = fields.one_of("type", names(kTransports));
  }
  if (const std::string fault = fault_of_host(endpoint.service_host); !fault.empty()) {
    fields.add_problem("service_host", quoted(endpoint.service_host) + " " + fault);
  }
  return endpoint;
}

std::optional<LoggerSpec> read_logger(const Fields& node) {
  const JsonValue* const logger = node.object("logger");
  if (logger == nullptr) return std::nullopt;
  const Place place(node.place(), "logger");
  const Fields fields(logger, place, node.findings());
  check_own_keys(fields, schema::kLogger);
  LoggerSpec read;
  read.mode = fields.string("mode");
  read.url = fields.string("url");
  return read;
}

Parameter read_parameter(const Fields& fields) {
  check_own_keys(fields, schema::kParameter);
  Parameter read;
  read.name = fields.string("name");
  read.value = fields.string("value");
  read.type = fields.string("type");
  return read;
}

// Checks the keys of a member that isn't looked into further; whether it is there.
bool read_shallow(const Fields& parent, std::string_view name, const Schema& schema) {
  const JsonValue* const object = parent.object(name);
  if (object == nullptr) return false;
  check_keys(*object, Place(parent.place(), name), schema, parent.findings().warnings);
  return true;
}

std::string missing_graph(const JsonValue& predictor) {
  bool is_empty = false;
  for (const JsonValue& member : predictor.children()) {
    is_empty = is_empty || (member.key == "graph" && member.kind == Kind::kNull);
  }
  std::string message =
      is_empty ? "is empty: what belongs to it must be indented further" : "is missing";
  return message + "; if the file is a patch, build it first (kubectl kustomize)";
}

}  // namespace

PredictorReading PredictorReader::read(const JsonValue& value, std::string path) {
  PredictorReading reading;
  const Place place(path);
  const Fields fields(&value, place, findings_);
  check_own_keys(fields, schema::kPredictor);
  reading.predictor.name = fields.string("name");
  reading.predictor.annotations = fields.strings("annotations");
  reading.predictor.labels = fields.strings("labels");
  (void)fields.integer("replicas");
  reading.traffic = fields.integer("traffic");
  reading.is_shadow = fields.boolean("shadow").value_or(false);
  reading.has_components = fields.array("componentSpecs") != nullptr;
  reading.containers = read_containers(fields);
  reading.variables = read_variables(fields);
  read_shallow(fields, "explainer", schema::kExplainer);
  reading.has_tls = read_shallow(fields, "ssl", schema::kTls);

  reading.path = std::move(path);
  if (!fields.has("graph")) {
    fields.add_problem("graph", missing_graph(value));
  } else if (const JsonValue* const graph = fields.object("graph")) {
    reading.is_cut = !read_graph(*graph, Place(place, "graph").text(), reading);
    set_images(reading);
  }
  return reading;
}

bool PredictorReader::read_graph(const JsonValue& root, const std::string& path,
                                 PredictorReading& reading) {
  struct Waiting {
    const JsonValue* value;
    std::size_t parent;
    std::size_t index;  // among the parent's children
    std::size_t depth;
  };
  std::vector<NodeSpec>& nodes = reading.predictor.nodes;
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
      findings_.problems.add(path, "more than " + grouped(kMaxNodes) + " nodes");
      return false;
    }
    if (next.depth > max_depth_) {
      findings_.problems.add(place, "more than " + grouped(max_depth_) + " nodes deep");
      continue;
    }
    // Paths grow with depth: those of many deep nodes would fill the memory.
    std::string text = place.text();
    path_bytes_ += text.size();
    if (path_bytes_ > kMaxPathBytes) {
      findings_.problems.add(path, "too many nodes so deep");
      return false;
    }
    const Place own(text);
    const Fields fields(next.value, own, findings_);
    if (!fields.expect(*next.value, own, Kind::kObject)) continue;

    ++nodes_;
    const std::size_t at = nodes.size();
    read_node(fields, reading);
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

void PredictorReader::read_node(const Fields& fields, PredictorReading& reading) {
  check_own_keys(fields, schema::kNode);
  NodeSpec node;
  NodeNotes notes;
  node.name = fields.string("name");
  node.implementation_name = fields.string("implementation");
  node.implementation = implementation_of(node.implementation_name);
  notes.type = fields.string("type");
  node.type = fields.one_of("type", names(kTypes)).value_or(NodeType::kUnknown);
  node.methods = read_methods(fields);
  notes.has_endpoint = fields.has("endpoint");
  node.endpoint = read_endpoint(fields);
  each_object(fields, "parameters", [&](const Fields& parameter) {
    node.parameters.push_back(read_parameter(parameter));
  });
  node.logger = read_logger(fields);
  node.model_uri = fields.string("modelUri");
  node.path = fields.place().text();
  notes.is_blank =
      notes.type.empty() && node.implementation_name.empty() && node.methods == MethodSet();
  reading.predictor.nodes.push_back(std::move(node));
  reading.notes.push_back(notes);
}

void PredictorReader::set_images(PredictorReading& reading) {
  std::unordered_map<std::string_view, const Container*> containers;
  for (const Container& container : reading.containers) {
    containers.emplace(container.name, &container);
  }
  for (NodeSpec& node : reading.predictor.nodes) {
    const auto found = containers.find(node.name);
    if (found == containers.end()) continue;
    const std::string_view image = found->second->image;
    image_bytes_ += image.size();
    if (image_bytes_ > kMaxImageBytes) {
      findings_.problems.add(member_path(found->second->path, "image"),
                             "is held for each node of that name: that takes more than " +
                                 grouped(kMaxImageBytes) + " bytes");
      return;
    }
    const std::size_t slash = image.rfind('/');
    const std::size_t colon = image.find_last_of(':');
    // A colon before the last slash belongs to the registry's port.
    const bool tagged = colon != image.npos && (slash == image.npos || colon > slash);
    node.image = image.substr(0, tagged ? colon : image.npos);
    if (tagged) node.image_version = image.substr(colon + 1);
  }
}

}  // namespace infergraph::graph
