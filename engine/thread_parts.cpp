#include "engine/thread_parts.hpp"

#include <functional>
#include <utility>

#include <boost/asio/post.hpp>

#include "engine/node/logged.hpp"
#include "engine/node/posted.hpp"
#include "graph/plan.hpp"

namespace infergraph::engine {

using protocol::Protocol;
using protocol::Transport;

ThreadPartsMaker::ThreadPartsMaker(const Process& process)
    : process_(process),
      nodes_(process.transport, &process.metrics),
      units_(process.graph, process.watch, process.options.max_response_bytes) {}

std::unique_ptr<IoThreadParts> ThreadPartsMaker::make_io(int index) {
  const Options& options = process_.options;
  IoThread& io = process_.runtime.thread(index);
  auto parts = std::make_unique<IoThreadParts>();
  const auto post_home = [&context = io.context](std::function<void()> work) {
    boost::asio::post(context, std::move(work));
  };
  parts->work = process_.work.message_desk(post_home, index);
  parts->pages = process_.work.page_desk(post_home, index);
  parts->predictor = make_predictor(
      [&](const NodePlace& place) {
        graph::NodeClients clients;
        if (graph::is_callable(place.endpoint, Transport::kRest)) {
          clients.rest = make_rest_node(place, io, *parts);
        }
        if (graph::is_callable(place.endpoint, Transport::kGrpc)) {
          clients.grpc = make_grpc_node(place, &io);
        }
        return clients;
      },
      index);

  RestApiOptions api;
  api.deployment = options.sdep;
  api.namespace_ = options.namespace_;
  api.metrics_path = options.prometheus_path;
  api.allowed_origins = options.cors_allowed_origins;
  api.allowed_headers = options.cors_allowed_headers;
  api.max_decoded = options.max_response_bytes;
  api.protocols = process_.graph.protocols();
  api.work = parts->work.get();
  api.pages = parts->pages.get();
  parts->api = std::make_unique<RestApi>(std::move(api), *parts->predictor, process_.watch.ready(),
                                         process_.metrics, index);
  return parts;
}

GrpcThreadParts ThreadPartsMaker::make_grpc(const std::vector<std::unique_ptr<IoThreadParts>>& io) {
  GrpcThread& thread = process_.grpc_thread;
  const graph::NodeSpec& root = process_.graph.nodes().front();
  GrpcThreadParts parts;
  parts.work = process_.work.message_desk(
      [&thread](std::function<void()> work) { thread.post(std::move(work)); }, thread.index());
  parts.predictor = make_predictor(
      [&](const NodePlace& place) {
        graph::NodeClients clients;
        if (graph::is_callable(place.endpoint, Transport::kRest)) {
          clients.rest = make_posted_node(place, io);
        }
        if (graph::is_callable(place.endpoint, Transport::kGrpc)) {
          clients.grpc = make_grpc_node(place, nullptr);
        }
        return clients;
      },
      thread.index());
  GrpcApiOptions api;
  api.max_decoded = process_.options.max_response_bytes;
  api.protocols = process_.graph.protocols();
  api.keeps_requests = process_.graph.is_mixed();
  if (process_.graph.is_single()) parts.relay = make_relay(root);
  api.v2_relay = parts.relay.get();
  api.work = parts.work.get();
  parts.api = std::make_unique<GrpcApi>(std::move(api), *parts.predictor, process_.watch.ready(),
                                        process_.metrics, thread.index());
  return parts;
}

std::unique_ptr<Predictor> ThreadPartsMaker::make_predictor(
    const NodeUnits::MakeClients& make_clients, int shard) {
  const auto make_unit = [&](const graph::NodeSpec& node) {
    return units_.make(node, make_clients);
  };
  const auto count_self_time = [&](graph::PlanNode& node) {
    node.self_time = &process_.metrics.node_self_seconds(shard, node.name);
  };
  Predictor::Options walking;
  walking.max_decoded = process_.options.max_response_bytes;
  walking.inject_routing = process_.options.inject_routing;
  return std::make_unique<Predictor>(
      graph::Plan::make(process_.graph.predictor(), make_unit, count_self_time), walking);
}

NodeAccess ThreadPartsMaker::access_to(const NodePlace& place, Transport transport) const {
  const Options& options = process_.options;
  const graph::Annotated& annotations = process_.annotations;
  CallLimits of_all;
  of_all.timeout =
      transport == Transport::kRest ? annotations.rest_timeout : annotations.grpc_timeout;
  of_all.connect_timeout = options.connect_timeout;
  of_all.answer = {options.max_header_bytes, options.max_response_bytes};
  NodeAccess access(place.node);
  access.protocol = place.protocol;
  access.model = place.model;
  access.limits = limits_of(place.node.settings, of_all);
  return access;
}

std::shared_ptr<graph::NodeClient> ThreadPartsMaker::make_rest_node(const NodePlace& place,
                                                                    IoThread& io,
                                                                    IoThreadParts& parts) {
  const NodeAccess access = access_to(place, Transport::kRest);
  parts.pools.push_back(
      nodes_.make_pool(io, access, book_of(process_.resolver, place.endpoint, Transport::kRest)));
  auto made = logged(place.node.name, place.endpoint.service_host, place.endpoint.http_port,
                     nodes_.make_rest(access, *parts.pools.back()));
  parts.rest_nodes[{&place.node, place.protocol, place.model}] = made;
  return made;
}

std::shared_ptr<graph::NodeClient> ThreadPartsMaker::make_posted_node(
    const NodePlace& place, const std::vector<std::unique_ptr<IoThreadParts>>& io) {
  std::vector<PostedNode::OnThread> clients;
  clients.reserve(io.size());
  for (std::size_t i = 0; i < io.size(); ++i) {
    clients.push_back({&process_.runtime.thread(static_cast<int>(i)),
                       io[i]->rest_nodes.at({&place.node, place.protocol, place.model})});
  }
  return std::make_shared<PostedNode>(process_.grpc_thread, std::move(clients));
}

std::shared_ptr<graph::NodeClient> ThreadPartsMaker::make_grpc_node(const NodePlace& place,
                                                                    IoThread* io) {
  return logged(place.node.name, host_of(place.endpoint, Transport::kGrpc),
                place.endpoint.grpc_port,
                nodes_.make_grpc(access_to(place, Transport::kGrpc),
                                 book_of(process_.resolver, place.endpoint, Transport::kGrpc), io));
}

// What hands v2's streams on, of a graph whose one node takes them; null for every other.
std::unique_ptr<GrpcRelay> ThreadPartsMaker::make_relay(const graph::NodeSpec& node) {
  if (!is_remote(node)) return nullptr;
  const graph::ServerKind kind = process_.graph.kind_of(node);
  const bool streams = kind.protocol == Protocol::kV2 && !kind.model.changes_answers() &&
                       kind.model.input_names.empty() &&
                       graph::is_callable(node.endpoint, Transport::kGrpc);
  if (!streams) return nullptr;
  const NodeAccess access =
      access_to({node, node.endpoint, kind.protocol, kind.model.name}, Transport::kGrpc);
  return std::make_unique<GrpcRelay>(
      node.name, V2Stream::kMethod,
      nodes_.make_channels(access.limits,
                           book_of(process_.resolver, node.endpoint, Transport::kGrpc)));
}

}  // namespace infergraph::engine
