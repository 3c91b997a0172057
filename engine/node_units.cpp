#include "engine/node_units.hpp"

#include <utility>

#include "engine/observe/route_warning.hpp"
#include "graph/units/proxied.hpp"
#include "graph/units/registry.hpp"

namespace infergraph::engine {

using protocol::Protocol;
using protocol::Transport;

std::unique_ptr<graph::Unit> NodeUnits::make(const graph::NodeSpec& node,
                                             const MakeClients& make_clients) const {
  if (!is_remote(node)) return graph::make_built_in(node, max_decoded_);
  const graph::ServerKind kind = graph_.kind_of(node);
  const auto make = [&](const graph::Endpoint& endpoint, Protocol protocol,
                        const std::string& model) -> std::unique_ptr<graph::Unit> {
    graph::RemoteUnit::Options unit;
    unit.protocol = protocol;
    unit.model = kind.model;
    unit.model.name = model;
    unit.is_only = graph_.is_single();
    unit.aggregate_body = node.settings.aggregate_body;
    unit.max_decoded = node.settings.max_response_bytes.value_or(max_decoded_);
    unit.on_odd_route = route_warning(node.name);
    return std::make_unique<graph::RemoteUnit>(make_clients({node, endpoint, protocol, model}),
                                               std::move(unit));
  };
  const graph::Endpoint& endpoint = kind.direct ? *kind.direct : node.endpoint;
  auto usual = kind.may_be_proxy ? make(node.endpoint, Protocol::kSeldon, kind.model.name)
                                 : make(endpoint, kind.protocol, kind.model.name);
  if (kind.names.empty()) return usual;
  // One unit for each way in which the server may be found.
  graph::ProxiedUnit::ByName rest;
  graph::ProxiedUnit::ByName grpc;
  graph::Endpoint rest_only = endpoint;
  graph::Endpoint grpc_only = endpoint;
  rest_only.grpc_port = 0;
  grpc_only.http_port = 0;
  for (const std::string& name : kind.names) {
    if (graph::is_callable(rest_only, Transport::kRest)) {
      rest.push_back(make(rest_only, kind.protocol, name));
    }
    if (graph::is_callable(grpc_only, Transport::kGrpc)) {
      grpc.push_back(make(grpc_only, kind.protocol, name));
    }
  }
  return std::make_unique<graph::ProxiedUnit>(std::move(rest), std::move(grpc), std::move(usual),
                                              watch_.found(node));
}

}  // namespace infergraph::engine
