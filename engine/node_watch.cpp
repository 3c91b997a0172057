#include "engine/node_watch.hpp"

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/probe_plan.hpp"

namespace infergraph::engine {

using protocol::Transport;

namespace {

using Found = std::map<const graph::NodeSpec*, std::shared_ptr<graph::FoundServer>>;

std::vector<ServerWatch::Server> servers_to_find(const ServedGraph& graph, Resolver& resolver,
                                                 Found& found) {
  std::vector<ServerWatch::Server> servers;
  for (const graph::NodeSpec& node : graph.nodes()) {
    if (!is_remote(node)) continue;
    const graph::ServerKind kind = graph.kind_of(node);
    if (kind.names.empty()) continue;
    const graph::Endpoint& endpoint = kind.direct ? *kind.direct : node.endpoint;
    ServerWatch::Server server;
    server.node = node.name;
    server.names = kind.names;
    server.has_proxy = kind.may_be_proxy;
    server.found = found[&node] = std::make_shared<graph::FoundServer>();
    if (graph::is_callable(endpoint, Transport::kRest)) {
      server.rest = book_of(resolver, endpoint, Transport::kRest);
    }
    if (graph::is_callable(endpoint, Transport::kGrpc)) {
      server.grpc = book_of(resolver, endpoint, Transport::kGrpc);
    }
    servers.push_back(std::move(server));
  }
  return servers;
}

}  // namespace

NodeWatch::NodeWatch(IoThread& control, const ServedGraph& graph, bool full_health_checks,
                     Resolver& resolver, GrpcTransport& transport, metrics::GaugeCell* gauge) {
  // Looks aren't counted among the calls.
  const NodeFactory nodes(transport, nullptr);
  auto servers = servers_to_find(graph, resolver, found_);
  std::vector<Readiness::Target> targets;
  for (PlannedProbe& probe : plan_probes(graph, full_health_checks)) {
    Readiness::Target target;
    target.book = resolver.book(probe.host, probe.port);
    target.transport = probe.transport;
    target.protocol = probe.protocol;
    target.model = probe.model;
    target.full_health_check = probe.full_health_check;
    for (const PlannedProbe::For& needed : probe.nodes) {
      target.nodes.push_back(needed.node->name);
      target.found.push_back(needed.is_told ? found(*needed.node) : nullptr);
    }
    targets.push_back(std::move(target));
  }
  readiness_ =
      std::make_unique<Readiness>(control, std::move(targets), Readiness::Options{}, nodes, gauge);
  server_watch_ =
      std::make_unique<ServerWatch>(control, std::move(servers), ServerWatch::Options{}, nodes,
                                    [this] { readiness_->state().found_changed(); });
}

void NodeWatch::start() {
  readiness_->start();
  server_watch_->start();
}

}  // namespace infergraph::engine
