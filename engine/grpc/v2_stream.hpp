#pragma once

#include <cstddef>

#include "engine/grpc/service.hpp"
#include "engine/grpc/stream_call.hpp"

namespace infergraph::engine {

/// ModelStreamInfer of protocol v2: every message of the stream is one request through the graph,
/// and its answer, or its error, the next message back. A request that fails doesn't end the
/// stream. Source: docs/wire/v2.md §5. Threads: the gRPC thread. Borrows the service.
class V2Stream final : public StreamHandler {
 public:
  static constexpr const char* kMethod = "/inference.GRPCInferenceService/ModelStreamInfer";

  explicit V2Stream(GrpcService& service) : service_(service) {}

  /// The service's method that answers single requests: ModelInfer.
  void set_method(std::size_t method) { method_ = method; }

  Awaitable<protocol::GrpcStatus> serve(MessageStream& stream) override;

 private:
  GrpcService& service_;
  std::size_t method_ = 0;
};

}  // namespace infergraph::engine
