#pragma once

#include <string>

#include "engine/front/grpc_service.hpp"
#include "engine/grpc/grpc_thread.hpp"
#include "engine/runtime.hpp"
#include "engine/tools/stub_service.hpp"

namespace infergraph::engine {

/// A stand-in behind a gRPC front: each call becomes the request that the component would get over
/// REST, answered by the same StubService on its own thread.
///
/// Threads: the gRPC thread. Borrows everything it is made of; `io` runs the stand-in.
class StubGrpc final : public GrpcService {
 public:
  StubGrpc(GrpcThread& home, IoThread& io, StubService& service)
      : home_(home), io_(io), service_(service) {}

  /// All that a component made with the Python wrapper serves (contract/python_wrapper.md §6).
  std::span<const std::string_view> methods() const override;
  graph::Awaitable<GrpcResponse> handle(GrpcRequest& request) override;

 private:
  GrpcThread& home_;
  IoThread& io_;
  StubService& service_;
};

}  // namespace infergraph::engine
