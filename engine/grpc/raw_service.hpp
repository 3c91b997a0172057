#pragma once

#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>
#include <grpcpp/support/byte_buffer.h>

#include <string>

namespace infergraph::engine {

/// Methods whose messages stay bytes, registered by their names with grpc++: what generated code
/// does, for methods that are known by name only.
/// Threads: as grpc::Service.
class RawService final : public grpc::Service {
 public:
  using UnaryResponder = grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>;
  using Stream = grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer>;

  /// Adds a method; `name` must outlive this object. Gives its index.
  int add(const char* name, bool streams) {
    using grpc::internal::RpcMethod;
    AddMethod(new grpc::internal::RpcServiceMethod(
        name, streams ? RpcMethod::BIDI_STREAMING : RpcMethod::NORMAL_RPC, nullptr));
    MarkMethodRaw(count_);
    return count_++;
  }

  /// Takes the next call of a unary method.
  void request(int method, grpc::ServerContext& context, grpc::ByteBuffer& message,
               UnaryResponder& responder, grpc::ServerCompletionQueue& queue, void* tag) {
    RequestAsyncUnary(method, &context, &message, &responder, &queue, &queue, tag);
  }
  /// Takes the next call of a streaming method.
  void request(int method, grpc::ServerContext& context, Stream& stream,
               grpc::ServerCompletionQueue& queue, void* tag) {
    RequestAsyncBidiStreaming(method, &context, &stream, &queue, &queue, tag);
  }

 private:
  int count_ = 0;
};

}  // namespace infergraph::engine
