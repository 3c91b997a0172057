#include "engine/probe_plan.hpp"

#include <map>
#include <tuple>
#include <utility>

#include "engine/node/factory.hpp"

namespace infergraph::engine {

using protocol::Protocol;
using protocol::Transport;

namespace {

// Where readiness looks for a node that can be called both ways: as the reference, at service_port.
std::uint16_t probed_port(const graph::Endpoint& endpoint, Transport transport, bool health) {
  if (endpoint.service_port != 0 && !health) return endpoint.service_port;
  return port_of(endpoint, transport);
}

}  // namespace

std::vector<PlannedProbe> plan_probes(const ServedGraph& graph, bool full_health_checks) {
  // By what is asked of whom.
  using Key = std::tuple<std::string, std::uint16_t, Transport, Protocol, bool, std::string>;
  std::map<Key, PlannedProbe> probes;
  for (const graph::NodeSpec& node : graph.nodes()) {
    if (!is_remote(node)) continue;
    const graph::ServerKind kind = graph.kind_of(node);
    const bool is_direct = kind.direct && !kind.may_be_proxy;
    const graph::Endpoint& endpoint = is_direct ? *kind.direct : node.endpoint;
    PlannedProbe probe;
    probe.transport =
        graph::is_callable(endpoint, Transport::kRest) ? Transport::kRest : Transport::kGrpc;
    probe.full_health_check = node.settings.full_health_checks.value_or(full_health_checks);
    probe.host = host_of(endpoint, probe.transport);
    probe.port = probed_port(endpoint, probe.transport, probe.full_health_check);
    probe.protocol = kind.may_be_proxy ? Protocol::kSeldon : kind.protocol;
    probe.model = kind.model.name;
    const bool by_model = probe.full_health_check && probe.protocol == Protocol::kTensorflow;
    const Key key{probe.host,
                  probe.port,
                  probe.transport,
                  probe.protocol,
                  probe.full_health_check,
                  by_model ? kind.model.name : ""};
    auto& planned = probes.try_emplace(key, probe).first->second;
    planned.model = kind.model.name;
    // Its status is the health of a model server, under whichever name it answers.
    const bool is_told = kind.may_be_proxy || (probe.full_health_check && !kind.names.empty());
    planned.nodes.push_back({&node, is_told});
  }
  std::vector<PlannedProbe> list;
  list.reserve(probes.size());
  for (auto& [key, probe] : probes) list.push_back(std::move(probe));
  return list;
}

}  // namespace infergraph::engine
