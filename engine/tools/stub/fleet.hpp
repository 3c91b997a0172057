#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/net/listener.hpp"
#include "engine/net/runtime.hpp"
#include "engine/tools/stub/seldon/node.hpp"
#include "engine/tools/stub/service.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/protocol.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// The stand-ins of all remote nodes of a predictor, listening on the loopback addresses. A node of
/// protocol seldon has one that is called as the node is; a model server one that listens on every
/// port that the engine might call it on, a TENSORFLOW_SERVER on its own ones and not its proxy's.
/// Nodes with one address and one personality are stood in for by one server or container.
///
/// Threads: made, opened and destroyed by one thread that is none of the runtime's; the stand-ins
/// live on the runtime's first thread, which must run from open() until the fleet is gone.
class StubFleet {
 public:
  /// Whether each listens on the port of its node's endpoint, or on one that the system picks.
  enum class Ports { kOwn, kFree };

  struct Options {
    std::string transport;  ///< the deployment's, for nodes whose endpoint has no type
    protocol::Protocol protocol = protocol::Protocol::kSeldon;  ///< the deployment's
    std::vector<StubOverride> overrides;
    std::uint64_t seed = 0;
    StubService::OnEvent on_event;
  };

  /// What is wrong with the settings is told by problems().
  StubFleet(Runtime& runtime, const graph::PredictorSpec& predictor, const Options& options);
  ~StubFleet();

  /// Errors: a port is taken, or two nodes of different hosts or personalities have the same one.
  protocol::Result<void> open(Ports ports);
  /// Stops listening and waits at most `limit` for the answers that are under way; then the counts
  /// may be read by the calling thread.
  void close(std::chrono::milliseconds limit);

  struct GrpcSide;
  struct StandIn {
    std::size_t node = 0;  ///< index in PredictorSpec::nodes
    protocol::Protocol personality = protocol::Protocol::kSeldon;
    std::string host;             ///< that the graph calls
    bool is_direct = false;       ///< stands in for a model server behind a proxy
    std::uint16_t http_port = 0;  ///< 0: none
    std::uint16_t grpc_port = 0;  ///< 0: none
    /// Another one answers for it, at its address, which is the same.
    const StandIn* answered_by = nullptr;
    std::unique_ptr<StubNode> stub;
    std::unique_ptr<StubService> service;
    std::vector<std::unique_ptr<HttpListener>> listeners;  ///< with an http_port
    std::unique_ptr<GrpcSide> grpc;                        ///< with a grpc_port
  };
  const std::vector<StandIn>& stand_ins() const { return stand_ins_; }
  /// Makes the graph call `stand_in`, wherever it listens.
  static void call_here(const StandIn& stand_in, graph::NodeSpec& node);
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  StandIn make_stand_in(const graph::NodeSpec& node, const Options& options, std::uint64_t seed);
  void share_addresses();
  protocol::Result<void> check_ports() const;
  protocol::Result<void> open_http(StandIn& stand_in, Ports ports);
  protocol::Result<void> open_grpc(StandIn& stand_in, Ports ports);

  Runtime& runtime_;
  std::vector<StandIn> stand_ins_;
  std::vector<std::string> problems_;
};

}  // namespace infergraph::engine
