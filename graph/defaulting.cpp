#include "graph/defaulting.hpp"

#include <cstdint>
#include <limits>

namespace infergraph::graph {

namespace {

constexpr std::size_t kFirstHttpPort = 9000;
constexpr std::size_t kFirstGrpcPort = 9500;

bool has_port(const Endpoint& endpoint) {
  return endpoint.service_port != 0 || endpoint.http_port != 0 || endpoint.grpc_port != 0;
}

bool is_untyped(const NodeSpec& node) {
  const MethodSet& methods = node.methods;
  return node.type == NodeType::kUnknown && node.implementation == Implementation::kUnknown &&
         !methods.transform_input && !methods.transform_output && !methods.route &&
         !methods.aggregate && !methods.send_feedback;
}

/// 0 when the numbers have run out of ports; validation says so then.
std::uint16_t to_port(std::size_t number) {
  return number > std::numeric_limits<std::uint16_t>::max() ? 0
                                                            : static_cast<std::uint16_t>(number);
}

}  // namespace

void complete(PredictorSpec& predictor) {
  for (NodeSpec& node : predictor.nodes) {
    if (node.implementation == Implementation::kPrepackaged) node.type = NodeType::kModel;
    Endpoint& endpoint = node.endpoint;
    // A service_port that is also the port of one transport says nothing of the other.
    const std::uint16_t http = endpoint.http_port;
    const std::uint16_t grpc = endpoint.grpc_port;
    if (http == 0 && endpoint.type != protocol::Transport::kGrpc && endpoint.service_port != grpc) {
      endpoint.http_port = endpoint.service_port;
    }
    if (grpc == 0 && endpoint.type != protocol::Transport::kRest && endpoint.service_port != http) {
      endpoint.grpc_port = endpoint.service_port;
    }
    if (has_port(endpoint) && endpoint.service_host.empty()) endpoint.service_host = "localhost";
  }
}

std::size_t Defaulting::number_of(const std::string& name) {
  return numbers_.try_emplace(name, numbers_.size()).first->second;
}

void Defaulting::fill(PredictorReading& reading) {
  std::unordered_map<std::string_view, const Container*> containers;
  for (const Container& container : reading.containers) {
    number_of(std::string(container.name));
    containers.emplace(container.name, &container);
  }
  for (NodeSpec& node : reading.predictor.nodes) {
    if (is_built_in(node.implementation)) continue;
    // A node with ports of its own takes a number too, so that the next one gets other ports.
    const std::size_t number = number_of(node.name);
    Endpoint& endpoint = node.endpoint;
    if (has_port(endpoint)) continue;
    if (is_untyped(node)) node.type = NodeType::kModel;
    endpoint.http_port = to_port(kFirstHttpPort + number);
    endpoint.grpc_port = to_port(kFirstGrpcPort + number);
    if (const auto found = containers.find(node.name); found != containers.end()) {
      const Container& container = *found->second;
      if (container.http_port != 0) endpoint.http_port = container.http_port;
      if (container.grpc_port != 0) endpoint.grpc_port = container.grpc_port;
    }
    const bool is_grpc = endpoint.type ? endpoint.type == protocol::Transport::kGrpc : grpc_;
    endpoint.service_port = is_grpc ? endpoint.grpc_port : endpoint.http_port;
    if (endpoint.service_host.empty()) endpoint.service_host = "localhost";
  }
}

}  // namespace infergraph::graph
