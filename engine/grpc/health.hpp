#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/grpc/service.hpp"
#include "engine/grpc/stream_call.hpp"

namespace infergraph::engine {

/// The standard health service: every service of the server, and the server as a whole, serve while
/// the engine is ready. Check is its unary method, Watch the streaming one.
/// Source: the gRPC health checking protocol. Threads: the gRPC thread.
class Health final : public GrpcService, public StreamHandler {
 public:
  /// `services`: the names that may be asked for, besides "".
  Health(GrpcThread& thread, std::set<std::string, std::less<>> services);
  ~Health() override;

  void set_serving(bool serving);

  std::span<const std::string_view> methods() const override;
  Awaitable<GrpcResponse> handle(GrpcRequest& request) override;
  Awaitable<protocol::GrpcStatus> serve(MessageStream& stream) override;

 private:
  class Watcher;

  GrpcThread& thread_;
  std::set<std::string, std::less<>> services_;
  std::vector<Watcher*> watchers_;  // each as long as it lives
  bool serving_ = false;
};

}  // namespace infergraph::engine
