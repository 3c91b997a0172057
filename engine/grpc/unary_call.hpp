#pragma once

#include "engine/grpc/server_call.hpp"
#include "engine/grpc/service.hpp"

namespace infergraph::engine {

/// A call of a unary method, answered by a GrpcService.
class UnaryCall final : public ServerCall {
 public:
  /// `method` is the index in the host's RawService, `index` in `service`.
  UnaryCall(CallHost& host, GrpcService& service, int method, std::size_t index)
      : ServerCall(host, method), service_(service), index_(index), responder_(&context_) {}

 private:
  void request(void* tag) override {
    host_.service.request(method_, context_, message_, responder_, *host_.queue, tag);
  }
  ServerCall* next() const override { return new UnaryCall(host_, service_, method_, index_); }
  Awaitable<void> serve() override;

  GrpcService& service_;
  const std::size_t index_;
  grpc::ByteBuffer message_;
  RawService::UnaryResponder responder_;
};

}  // namespace infergraph::engine
