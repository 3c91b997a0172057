#pragma once

#include <set>
#include <string>
#include <utility>

#include "engine/grpc/stream_call.hpp"

namespace infergraph::engine {

/// Server reflection: tells which services there are, and the proto files that define them. Its
/// versions v1 and v1alpha are the same on the wire. grpc++'s own plugin is synchronous: it would
/// add threads that poll beside the gRPC thread, and so make every call dearer.
/// Source: grpc.reflection.v1. Threads: the gRPC thread.
class Reflection final : public StreamHandler {
 public:
  explicit Reflection(std::set<std::string, std::less<>> services)
      : services_(std::move(services)) {}

  Awaitable<protocol::GrpcStatus> serve(MessageStream& stream) override;

 private:
  std::string answer(const std::string& request) const;

  std::set<std::string, std::less<>> services_;
};

}  // namespace infergraph::engine
