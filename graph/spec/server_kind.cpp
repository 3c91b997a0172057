#include "graph/spec/server_kind.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace infergraph::graph {

using protocol::ModelProfile;
using protocol::Protocol;

namespace {

// Servers that speak v2 in every deployment.
constexpr std::array<std::string_view, 3> kV2Servers = {"TRITON_SERVER", "HUGGINGFACE_SERVER",
                                                        "TEMPO_SERVER"};

bool is_tensorflow_server(const NodeSpec& node) {
  return node.implementation_name == "TENSORFLOW_SERVER";
}

Protocol protocol_of_node(const NodeSpec& node, Protocol graph_protocol) {
  if (node.settings.protocol) return *node.settings.protocol;
  if (node.implementation != Implementation::kPrepackaged) return graph_protocol;
  if (is_tensorflow_server(node)) return Protocol::kTensorflow;
  const bool is_v2 =
      std::find(kV2Servers.begin(), kV2Servers.end(), node.implementation_name) != kV2Servers.end();
  if (is_v2 || graph_protocol == Protocol::kV2) return Protocol::kV2;
  return Protocol::kSeldon;
}

ModelProfile profile_of(const NodeSpec& node) {
  const NodeSettings& settings = node.settings;
  return {.name = settings.model_name.empty() ? node.name : settings.model_name,
          .signature_name = settings.signature_name,
          .input = settings.model_input,
          .output = settings.model_output,
          .input_names = settings.input_names,
          .output_names = settings.output_names};
}

// Where the endpoints given say, or none.
std::optional<Endpoint> given_endpoint(const NodeSettings& settings) {
  const auto& rest = settings.rest_endpoint;
  const auto& grpc = settings.grpc_endpoint;
  if (!rest && !grpc) return std::nullopt;
  Endpoint made;
  if (rest) {
    made.service_host = rest->host;
    made.http_port = rest->port;
  }
  if (grpc) {
    made.grpc_host = grpc->host;
    made.grpc_port = grpc->port;
  }
  if (!rest) made.service_host = made.grpc_host;
  return made;
}

}  // namespace

ServerKind server_kind_of(const NodeSpec& node, Protocol graph_protocol) {
  ServerKind kind;
  kind.protocol = protocol_of_node(node, graph_protocol);
  kind.model = profile_of(node);
  if (!is_tensorflow_server(node) || kind.protocol != Protocol::kTensorflow) return kind;
  const NodeSettings& settings = node.settings;
  kind.direct = given_endpoint(settings);
  if (kind.direct) return kind;
  std::vector<std::string> names{kind.model.name};
  if (kind.model.name != node.name) names.push_back(node.name);
  // Without a proxy, the server is the node.
  if (settings.protocol || graph_protocol == Protocol::kTensorflow) {
    if (names.size() > 1) kind.names = std::move(names);
    return kind;
  }
  Endpoint guess;
  guess.service_host = node.endpoint.service_host;
  guess.http_port = settings.server_rest_port;
  guess.grpc_port = settings.server_grpc_port;
  const bool is_looked_for = guess.http_port != 0 || guess.grpc_port != 0;
  // Where only the proxy knows the way, and where nobody is to look, the proxy is the node.
  if (settings.endpoint_is_foreign || !is_looked_for) {
    kind.protocol = Protocol::kSeldon;
    return kind;
  }
  kind.direct = guess;
  kind.may_be_proxy = true;
  kind.names = std::move(names);
  return kind;
}

}  // namespace infergraph::graph
