#include "graph/spec/defaulting.hpp"

#include <cstdint>
#include <limits>
#include <unordered_set>
#include <vector>

namespace infergraph::graph {

namespace {

constexpr std::size_t kFirstHttpPort = 9000;
constexpr std::size_t kFirstGrpcPort = 9500;

bool has_port(const Endpoint& endpoint) {
  return endpoint.service_port != 0 || endpoint.http_port != 0 || endpoint.grpc_port != 0;
}

/// 0 when the numbers have run out of ports; validation says so then.
std::uint16_t to_port(std::size_t number) {
  return number > std::numeric_limits<std::uint16_t>::max() ? 0
                                                            : static_cast<std::uint16_t>(number);
}

}  // namespace

void complete(PredictorReading& reading, Problems& warnings) {
  for (NodeSpec& node : reading.predictor.nodes) {
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
    if (endpoint.type && has_port(endpoint)) {
      const bool is_grpc = *endpoint.type == protocol::Transport::kGrpc;
      if ((is_grpc ? endpoint.grpc_port : endpoint.http_port) == 0) {
        warnings.add(member_path(member_path(node.path, "endpoint"), "type"),
                     is_grpc ? "is GRPC, but only a port of REST is given: the node is called over "
                               "REST; give grpcPort"
                             : "is REST, but only a port of gRPC is given: the node is called over "
                               "gRPC; give httpPort");
        endpoint.type.reset();
      }
    }
    if (has_port(endpoint) && endpoint.service_host.empty()) endpoint.service_host = "localhost";
  }
}

void name_nodes(PredictorReading& reading, Problems& warnings) {
  std::vector<NodeSpec>& nodes = reading.predictor.nodes;
  std::unordered_set<std::string> names;
  for (const NodeSpec& node : nodes) names.insert(node.name);
  std::size_t number = 0;
  for (NodeSpec& node : nodes) {
    if (!node.name.empty()) continue;
    do {
      node.name = "node-" + std::to_string(++number);
    } while (!names.insert(node.name).second);
    warnings.add(member_path(node.path, "name"),
                 "is missing: the node is called " + quoted(node.name) +
                     " here, but Kubernetes refuses it; give a name");
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
  for (std::size_t i = 0; i < reading.predictor.nodes.size(); ++i) {
    NodeSpec& node = reading.predictor.nodes[i];
    NodeNotes& notes = reading.notes[i];
    if (is_built_in(node.implementation)) continue;
    Endpoint& endpoint = node.endpoint;
    const auto found = containers.find(node.name);
    const bool is_somewhere = found != containers.end() || notes.has_endpoint;
    if (notes.is_blank && is_somewhere && !has_port(endpoint)) node.type = NodeType::kModel;
    if (is_fan_out(node)) continue;
    // A node with ports of its own takes a number too, so that the next one gets other ports.
    const std::size_t number = number_of(node.name);
    if (has_port(endpoint)) continue;
    endpoint.http_port = to_port(kFirstHttpPort + number);
    endpoint.grpc_port = to_port(kFirstGrpcPort + number);
    if (found != containers.end()) {
      const Container& container = *found->second;
      if (container.http_port != 0) endpoint.http_port = container.http_port;
      if (container.grpc_port != 0) endpoint.grpc_port = container.grpc_port;
    }
    notes.port_is_made = true;
    const bool is_grpc = endpoint.type ? endpoint.type == protocol::Transport::kGrpc : grpc_;
    endpoint.service_port = is_grpc ? endpoint.grpc_port : endpoint.http_port;
    if (endpoint.service_host.empty()) endpoint.service_host = "localhost";
  }
}

}  // namespace infergraph::graph
