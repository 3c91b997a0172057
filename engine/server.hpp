#pragma once

#include <csignal>
#include <memory>
#include <vector>

#include <boost/asio/signal_set.hpp>

#include "engine/command_line/options.hpp"
#include "engine/grpc/front.hpp"
#include "engine/grpc/thread.hpp"
#include "engine/net/listener.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/grpc_channels.hpp"
#include "engine/node_watch.hpp"
#include "engine/served_graph.hpp"
#include "engine/thread_parts.hpp"
#include "engine/work_rooms.hpp"
#include "graph/spec/annotations.hpp"
#include "graph/spec/spec.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// The composition root of `infergraph` as a server: makes everything in the order in which it
/// depends on each other, serves until a signal, and drains.
///
/// Threads: everything here is called by the main thread, which also runs the readiness probes.
class Server {
 public:
  /// `predictor` must be valid, and outlives this; `annotations` are the resolved ones.
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
  void watch_threads();
  void make_listener();
  void stop_at_signals();
  void start_threads();
  void tell_listening(std::uint16_t http_port, std::uint16_t grpc_port) const;
  bool drain();
  void tell_what_is_cut();

  Options options_;
  ServedGraph graph_;
  metrics::Families metrics_;
  Runtime runtime_;
  IoThread control_{0};  // readiness probes and signals, on the main thread
  // From here on, so that a signal that comes before all stands ends in a drain too.
  boost::asio::signal_set signals_{control_.context, SIGTERM, SIGINT};
  Resolver resolver_;
  GrpcThread grpc_thread_;
  GrpcTransport transport_;
  WorkRooms work_;
  std::unique_ptr<NodeWatch> node_watch_;
  std::vector<std::unique_ptr<IoThreadParts>> io_parts_;
  GrpcThreadParts grpc_parts_;
  std::unique_ptr<HttpListener> listener_;
  std::unique_ptr<GrpcFront> grpc_front_;
};

}  // namespace infergraph::engine
