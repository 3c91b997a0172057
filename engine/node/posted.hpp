#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/grpc/thread.hpp"
#include "engine/net/runtime.hpp"
#include "graph/node_client.hpp"

namespace infergraph::engine {

/// A node of the I/O threads as the gRPC thread calls it: each call is posted to one of them in
/// turn, and its answer is posted back.
///
/// Threads: the gRPC thread. The I/O threads must run while calls are under way.
/// Errors, Cancellation: as the node's.
class PostedNode final : public graph::NodeClient {
 public:
  /// The same node, as the client of one I/O thread.
  struct OnThread {
    IoThread* io;
    std::shared_ptr<graph::NodeClient> client;
  };

  PostedNode(GrpcThread& home, std::vector<OnThread> clients)
      : home_(home), clients_(std::move(clients)) {}

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload payload,
                                                      graph::CallContext& context) override;

 private:
  struct Task;
  class End;
  class Canceller;

  GrpcThread& home_;
  std::vector<OnThread> clients_;
  std::size_t next_ = 0;
};

}  // namespace infergraph::engine
