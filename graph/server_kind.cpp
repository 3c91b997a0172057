#include "graph/server_kind.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace infergraph::graph {

using protocol::ModelProfile;
using protocol::Protocol;

namespace {

// Ports of TensorFlow Serving beside its proxy.
constexpr std::uint16_t kDirectHttpPort = 2001;
constexpr std::uint16_t kDirectGrpcPort = 2000;

// Servers that speak v2 in every deployment.
constexpr std::array<std::string_view, 3> kV2Servers = {"TRITON_SERVER", "HUGGINGFACE_SERVER",
                                                        "TEMPO_SERVER"};

bool is_tensorflow_server(const NodeSpec& node) {
  return node.implementation_name == "TENSORFLOW_SERVER";
}

Protocol protocol_of_node(const NodeSpec& node, Protocol graph_protocol) {
  if (const auto given = parameter_of(node, "protocol")) {
    return protocol::protocol_of(*given).value_or(graph_protocol);
  }
  if (node.implementation != Implementation::kPrepackaged) return graph_protocol;
  if (is_tensorflow_server(node)) return Protocol::kTensorflow;
  const bool is_v2 =
      std::find(kV2Servers.begin(), kV2Servers.end(), node.implementation_name) != kV2Servers.end();
  if (is_v2 || graph_protocol == Protocol::kV2) return Protocol::kV2;
  return Protocol::kSeldon;
}

ModelProfile profile_of(const NodeSpec& node) {
  const auto text = [&node](std::string_view name) {
    return std::string(parameter_of(node, name).value_or(""));
  };
  ModelProfile model;
  model.name = text("model_name");
  if (model.name.empty()) model.name = node.name;
  model.signature_name = text("signature_name");
  model.input = text("model_input");
  model.output = text("model_output");
  (void)read_names(text("input_names"), model.input_names);
  (void)read_names(text("output_names"), model.output_names);
  return model;
}

// Where the endpoints given say, or none.
std::optional<Endpoint> given_endpoint(const NodeSpec& node) {
  Endpoint made;
  const auto rest = parameter_of(node, "rest_endpoint");
  const auto grpc = parameter_of(node, "grpc_endpoint");
  if (rest) (void)read_address(*rest, made.service_host, made.http_port);
  if (grpc) (void)read_address(*grpc, made.grpc_host, made.grpc_port);
  if (made.service_host.empty()) made.service_host = made.grpc_host;
  if (made.http_port == 0 && made.grpc_port == 0) return std::nullopt;
  return made;
}

}  // namespace

std::optional<std::string_view> parameter_of(const NodeSpec& node, std::string_view name) {
  const auto found =
      std::find_if(node.parameters.rbegin(), node.parameters.rend(),
                   [&](const Parameter& parameter) { return parameter.name == name; });
  if (found == node.parameters.rend()) return std::nullopt;
  return found->value;
}

std::string read_address(std::string_view text, std::string& host, std::uint16_t& port) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) return "TLS is not had in this release";
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  while (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return "is not http://host:port or host:port";
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number == 0) {
    return "has no port from 1 to 65535";
  }
  text = text.substr(0, colon);
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  if (text.empty() || text.find_first_of("/ ") != std::string_view::npos) {
    return "has no plain host";
  }
  host = text;
  port = number;
  return "";
}

std::string read_names(std::string_view text, ModelProfile::Names& names) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view pair = text.substr(0, comma);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == pair.size()) {
      return "is not a list of names, as in a=b,c=d";
    }
    if (!names.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second) {
      return "renames \"" + std::string(pair.substr(0, equals)) + "\" twice";
    }
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return "";
}

ServerKind server_kind_of(const NodeSpec& node, Protocol graph_protocol) {
  ServerKind kind;
  kind.protocol = protocol_of_node(node, graph_protocol);
  kind.model = profile_of(node);
  if (!is_tensorflow_server(node) || kind.protocol != Protocol::kTensorflow) return kind;
  kind.direct = given_endpoint(node);
  const bool is_said = parameter_of(node, "protocol").has_value();
  if (kind.direct || is_said || graph_protocol == Protocol::kTensorflow) return kind;
  Endpoint guess;
  guess.service_host = node.endpoint.service_host;
  guess.http_port = kDirectHttpPort;
  guess.grpc_port = kDirectGrpcPort;
  kind.direct = guess;
  kind.may_be_proxy = true;
  return kind;
}

}  // namespace infergraph::graph
