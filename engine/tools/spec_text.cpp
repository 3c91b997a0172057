#include "engine/tools/spec_text.hpp"

#include <utility>

#include "base/host_port.hpp"
#include "base/utf8.hpp"
#include "engine/tools/settings_text.hpp"

namespace infergraph::engine {

using graph::NodeSpec;
using graph::NodeType;

std::string_view type_text(NodeType type) {
  switch (type) {
    case NodeType::kModel:
      return "MODEL";
    case NodeType::kRouter:
      return "ROUTER";
    case NodeType::kCombiner:
      return "COMBINER";
    case NodeType::kTransformer:
      return "TRANSFORMER";
    case NodeType::kOutputTransformer:
      return "OUTPUT_TRANSFORMER";
    case NodeType::kUnknown:
      break;
  }
  return "";
}

std::string_view implementation_text(const NodeSpec& node) {
  switch (node.implementation) {
    case graph::Implementation::kSimpleModel:
      return "SIMPLE_MODEL";
    case graph::Implementation::kSimpleRouter:
      return "SIMPLE_ROUTER";
    case graph::Implementation::kRandomAbTest:
      return "RANDOM_ABTEST";
    case graph::Implementation::kAverageCombiner:
      return "AVERAGE_COMBINER";
    case graph::Implementation::kPrepackaged:
      return node.implementation_name;
    case graph::Implementation::kUnknown:
      break;
  }
  return "";
}

std::vector<std::string_view> method_texts(const graph::MethodSet& methods) {
  std::vector<std::string_view> made;
  if (methods.transform_input) made.emplace_back("TRANSFORM_INPUT");
  if (methods.route) made.emplace_back("ROUTE");
  if (methods.aggregate) made.emplace_back("AGGREGATE");
  if (methods.transform_output) made.emplace_back("TRANSFORM_OUTPUT");
  if (methods.send_feedback) made.emplace_back("SEND_FEEDBACK");
  return made;
}

protocol::Transport transport_of(const graph::Endpoint& endpoint,
                                 std::string_view deployment_transport) {
  if (endpoint.type) return *endpoint.type;
  if (endpoint.http_port == 0 && endpoint.grpc_port != 0) {
    return protocol::Transport::kGrpc;
  }
  if (endpoint.grpc_port == 0) return protocol::Transport::kRest;
  return deployment_transport == "grpc" ? protocol::Transport::kGrpc : protocol::Transport::kRest;
}

std::string_view transport_text(protocol::Transport transport) {
  return transport == protocol::Transport::kGrpc ? "GRPC" : "REST";
}

std::string address_text(std::string_view host, std::uint16_t port) {
  std::string made = host_port(host, port);
  if (port == 0) made.erase(made.rfind(':'));
  return made;
}

std::vector<TreePlace> tree_order(const graph::PredictorSpec& predictor) {
  std::vector<TreePlace> places;
  std::vector<TreePlace> open;
  std::vector<bool> seen(predictor.nodes.size());
  if (!predictor.nodes.empty()) open.emplace_back();
  while (!open.empty()) {
    const TreePlace place = open.back();
    open.pop_back();
    if (place.node >= seen.size() || seen[place.node]) continue;
    seen[place.node] = true;
    places.push_back(place);
    const auto& children = predictor.nodes[place.node].children;
    for (std::size_t i = children.size(); i-- > 0;) {
      open.push_back({children[i], place.depth + 1, i + 1 == children.size()});
    }
  }
  return places;
}

namespace {

void write_node(JsonWriter& writer, const NodeSpec& node, std::string_view deployment_transport) {
  const auto text = [&writer](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    write_key(writer, key);
    write_string(writer, to_utf8(value));
  };
  const auto port = [&writer](std::string_view key, std::uint16_t value) {
    if (value == 0) return;
    write_key(writer, key);
    writer.Uint(value);
  };
  write_key(writer, "name");
  write_string(writer, to_utf8(node.name));
  text("type", type_text(node.type));
  text("implementation", implementation_text(node));
  write_key(writer, "methods");
  writer.StartArray();
  for (const std::string_view method : method_texts(node.methods)) write_string(writer, method);
  writer.EndArray();
  if (is_in_process(node)) {
    text("transport", "in-process");
  } else {
    text("transport", transport_text(transport_of(node.endpoint, deployment_transport)));
    write_key(writer, "endpoint");
    writer.StartObject();
    text("host", node.endpoint.service_host);
    port("http_port", node.endpoint.http_port);
    port("grpc_port", node.endpoint.grpc_port);
    writer.EndObject();
  }
  if (!node.image.empty()) {
    text("image", node.image + (node.image_version.empty() ? "" : ":" + node.image_version));
  }
  write_settings(writer, node);
  text("path", node.path);
}

}  // namespace

void write_predictor(JsonWriter& writer, const graph::PredictorSpec& predictor,
                     std::string_view deployment_transport) {
  writer.StartObject();
  write_key(writer, "name");
  write_string(writer, to_utf8(predictor.name));
  const auto places = tree_order(predictor);
  // Each node leaves an object and the array of its children open, which what follows it closes.
  std::size_t open = 0;
  const auto close_to = [&](std::size_t depth) {
    for (; open > depth; --open) {
      writer.EndArray();
      writer.EndObject();
    }
  };
  if (!places.empty()) write_key(writer, "graph");
  for (const TreePlace& place : places) {
    close_to(place.depth);
    writer.StartObject();
    write_node(writer, predictor.nodes[place.node], deployment_transport);
    write_key(writer, "children");
    writer.StartArray();
    ++open;
  }
  close_to(0);
  writer.EndObject();
}

}  // namespace infergraph::engine
