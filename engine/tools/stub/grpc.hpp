#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "engine/grpc/service.hpp"
#include "engine/grpc/thread.hpp"
#include "engine/grpc/v2_stream.hpp"
#include "engine/net/runtime.hpp"
#include "engine/tools/stub/service.hpp"

namespace infergraph::engine {

/// Where the calls of a gRPC front are answered: by a StubService, on the thread of its own.
/// Borrows all of it.
struct StubCaller {
  GrpcThread& home;
  IoThread& io;
  StubService& service;

  /// Asks as over REST: a `verb` to `path`, both of which live for ever.
  Awaitable<StubReply> ask(std::string_view verb, std::string_view path, protocol::Payload body);
};

/// The stand-in of a component behind a gRPC front: each call becomes the request that the
/// component would get over REST. Threads: the gRPC thread. Borrows what the caller is made of.
class StubGrpc final : public GrpcService {
 public:
  explicit StubGrpc(StubCaller caller) : caller_(caller) {}

  /// All that a component made with the Python wrapper serves (docs/wire/wrapper.md §6).
  std::span<const std::string_view> methods() const override;
  Awaitable<GrpcResponse> handle(GrpcRequest& request) override;

 private:
  StubCaller caller_;
};

/// The same for a model server, which takes the messages as they come; with ModelStreamInfer where
/// it has ModelInfer. Precondition: the stand-in has a server.
class StubServerGrpc final : public GrpcService {
 public:
  explicit StubServerGrpc(StubCaller caller);

  std::span<const std::string_view> methods() const override;
  std::span<const GrpcStream> streams() const override { return streams_; }
  Awaitable<GrpcResponse> handle(GrpcRequest& request) override;

 private:
  StubCaller caller_;
  V2Stream stream_;
  std::vector<GrpcStream> streams_;
};

}  // namespace infergraph::engine
