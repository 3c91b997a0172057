#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/api/grpc.hpp"
#include "engine/api/predictor.hpp"
#include "engine/api/rest.hpp"
#include "engine/command_line/options.hpp"
#include "engine/grpc/thread.hpp"
#include "engine/net/pool.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/factory.hpp"
#include "engine/node/grpc_relay.hpp"
#include "engine/node_units.hpp"
#include "engine/node_watch.hpp"
#include "engine/served_graph.hpp"
#include "engine/work_rooms.hpp"
#include "graph/spec/annotations.hpp"

namespace infergraph::engine {

/// What one I/O thread has to itself.
struct IoThreadParts {
  std::vector<std::unique_ptr<HttpPool>> pools;
  // By node, protocol and model.
  std::map<std::tuple<const graph::NodeSpec*, protocol::Protocol, std::string>,
           std::shared_ptr<graph::NodeClient>>
      rest_nodes;
  std::unique_ptr<WorkDesk> work;
  std::unique_ptr<WorkDesk> pages;
  std::unique_ptr<Predictor> predictor;
  std::unique_ptr<RestApi> api;
};

/// What the gRPC thread has.
struct GrpcThreadParts {
  std::unique_ptr<WorkDesk> work;
  std::unique_ptr<Predictor> predictor;
  std::unique_ptr<GrpcRelay> relay;
  std::unique_ptr<GrpcApi> api;
};

/// Makes for each thread what it needs to answer requests, out of what the process has once.
/// Borrows all of that, which outlives what it makes.
class ThreadPartsMaker {
 public:
  struct Process {
    const Options& options;
    const graph::Annotated& annotations;
    const ServedGraph& graph;
    metrics::Families& metrics;
    Runtime& runtime;
    Resolver& resolver;
    GrpcThread& grpc_thread;
    GrpcTransport& transport;
    WorkRooms& work;
    NodeWatch& watch;
  };

  explicit ThreadPartsMaker(const Process& process);

  std::unique_ptr<IoThreadParts> make_io(int index);
  /// `io`: those of all I/O threads, in their order; what it makes calls REST nodes there.
  GrpcThreadParts make_grpc(const std::vector<std::unique_ptr<IoThreadParts>>& io);

 private:
  std::unique_ptr<Predictor> make_predictor(const NodeUnits::MakeClients& make_clients, int shard);
  NodeAccess access_to(const NodePlace& place, protocol::Transport transport) const;
  std::shared_ptr<graph::NodeClient> make_rest_node(const NodePlace& place, IoThread& io,
                                                    IoThreadParts& parts);
  std::shared_ptr<graph::NodeClient> make_posted_node(
      const NodePlace& place, const std::vector<std::unique_ptr<IoThreadParts>>& io);
  std::shared_ptr<graph::NodeClient> make_grpc_node(const NodePlace& place, IoThread* io);
  std::unique_ptr<GrpcRelay> make_relay(const graph::NodeSpec& node);

  Process process_;
  NodeFactory nodes_;
  NodeUnits units_;
};

}  // namespace infergraph::engine
