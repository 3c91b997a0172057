#pragma once

#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <boost/asio/signal_set.hpp>

#include "engine/api/grpc.hpp"
#include "engine/api/predictor.hpp"
#include "engine/api/rest.hpp"
#include "engine/command_line/options.hpp"
#include "engine/grpc/front.hpp"
#include "engine/grpc/thread.hpp"
#include "engine/net/listener.hpp"
#include "engine/net/pool.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/grpc.hpp"
#include "engine/node/grpc_channels.hpp"
#include "engine/node/grpc_relay.hpp"
#include "engine/readiness.hpp"
#include "engine/server_watch.hpp"
#include "engine/work/desk.hpp"
#include "graph/plan.hpp"
#include "graph/spec/annotations.hpp"
#include "graph/spec/spec.hpp"
#include "graph/units/remote.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// The composition root of `infergraph` as a server: makes everything in the order in which it
/// depends on each other, serves until a signal, and drains.
///
/// Threads: everything here is called by the main thread, which also runs the readiness probes.
class Server {
 public:
  /// `predictor` must be valid; `annotations` are the resolved ones.
  Server(const Options& options, const graph::PredictorSpec& predictor,
         const graph::Annotated& annotations);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves until SIGTERM or SIGINT. Returns the exit code: 0 for a clean stop, 1 when the port
  /// can't be listened on (said on stderr) or requests outlived the drain.
  int run();

  /// How many threads the process may have before it serves, ours and the libraries'.
  static int most_threads_at_start(const Options& options);

 private:
  // A node, its protocol and its model's name: a TENSORFLOW_SERVER may be called in two protocols,
  // and under two names.
  using NodeKey = std::tuple<const graph::NodeSpec*, protocol::Protocol, std::string>;
  // One way to call a node.
  struct NodePlace {
    const graph::NodeSpec& node;
    graph::Endpoint endpoint;
    protocol::Protocol protocol;
    std::string model;
    NodeKey key() const { return {&node, protocol, model}; }
  };
  // Makes the clients of a place, for one thread.
  using MakeClients = std::function<graph::NodeClients(const NodePlace&)>;
  // What one I/O thread has to itself.
  struct Seat {
    std::vector<std::unique_ptr<HttpPool>> pools;
    std::map<NodeKey, std::shared_ptr<graph::NodeClient>> rest_nodes;
    std::unique_ptr<WorkDesk> work;
    std::unique_ptr<WorkDesk> pages;
    std::unique_ptr<Predictor> predictor;
    std::unique_ptr<RestApi> api;
  };
  // What the gRPC thread has.
  struct GrpcSeat {
    std::unique_ptr<WorkDesk> work;
    std::unique_ptr<Predictor> predictor;
    std::unique_ptr<GrpcRelay> relay;
    std::unique_ptr<GrpcApi> api;
  };

  static metrics::FamilyOptions family_options(const Options& options,
                                               const graph::PredictorSpec& predictor, int threads);
  std::vector<Readiness::Target> readiness_targets(const graph::PredictorSpec& predictor);
  /// Also fills found_.
  std::vector<ServerWatch::Server> servers_to_find(const graph::PredictorSpec& predictor);
  std::unique_ptr<Seat> make_seat(const graph::PredictorSpec& predictor,
                                  const graph::Annotated& annotations, int index);
  GrpcSeat make_grpc_seat(const graph::PredictorSpec& predictor,
                          const graph::Annotated& annotations);
  std::unique_ptr<Predictor> make_predictor(const graph::PredictorSpec& predictor,
                                            const graph::Plan::UnitFactory& make_unit, int shard);
  std::unique_ptr<graph::Unit> make_unit(const graph::NodeSpec& node,
                                         const MakeClients& make_clients) const;
  std::shared_ptr<graph::NodeClient> make_rest_node(const NodePlace& place, Seat& seat,
                                                    const graph::Annotated& annotations, int index);
  std::shared_ptr<graph::NodeClient> make_posted_node(const NodePlace& place);
  GrpcChannelOptions channel_options(const graph::NodeSpec& node) const;
  std::shared_ptr<graph::NodeClient> make_grpc_node(const NodePlace& place,
                                                    const graph::Annotated& annotations,
                                                    GrpcCaller caller);
  /// What hands v2's streams on, of a graph whose one node takes them; null for every other.
  std::unique_ptr<GrpcRelay> make_relay(const graph::NodeSpec& node);
  GrpcFrontOptions front_options(const graph::Annotated& annotations) const;
  ListenerOptions listener_options();
  void start_threads();
  void watch_threads();
  bool drain();
  void tell_what_is_cut();

  Options options_;
  std::vector<protocol::Protocol> protocols_;  // what callers may speak; the graph's is the first
  bool is_single_ = false;                     // the graph has one node
  bool is_mixed_ = false;  // some answer may have to be converted to another protocol
  // Of every node whose server is looked for: whether it has answered, and under which name.
  std::map<const graph::NodeSpec*, std::shared_ptr<graph::FoundServer>> found_;
  metrics::Families metrics_;
  Runtime runtime_;
  IoThread control_{0};  // readiness probes and signals, on the main thread
  // From here on, so that a signal that comes before all stands ends in a drain too.
  boost::asio::signal_set signals_{control_.context, SIGTERM, SIGINT};
  Resolver resolver_;
  GrpcThread grpc_thread_;
  GrpcTransport transport_;
  std::shared_ptr<WorkBudget> work_budget_;
  std::shared_ptr<WorkBudget> page_budget_;  // metrics aren't refused for large messages' sake
  std::unique_ptr<WorkPool> work_;           // ends before the loops that it posts to
  std::unique_ptr<WorkPool> pages_;          // metrics don't wait behind large messages
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<ServerWatch> server_watch_;
  std::vector<std::unique_ptr<Seat>> seats_;
  GrpcSeat grpc_seat_;
  std::unique_ptr<HttpListener> listener_;
  std::unique_ptr<GrpcFront> grpc_front_;
};

}  // namespace infergraph::engine
