#include "engine/grpc/stream_call.hpp"

#include "engine/grpc/message_bytes.hpp"

namespace infergraph::engine {

graph::Awaitable<void> StreamCall::serve() {
  const protocol::GrpcStatus status = co_await handler_.serve(*this);
  AwaitedCompletion finished(nullptr);
  stream_.Finish(
      grpc::Status(static_cast<grpc::StatusCode>(status.code), status.message, status.details),
      tag_of(finished));
  co_await finished.wait();
  // A handler may leave a read behind, which ends with the call; until then it holds on to the
  // stream.
  while (reading_) co_await read_ended_.wait();
}

graph::Awaitable<std::optional<protocol::Payload>> StreamCall::read() {
  grpc::ByteBuffer message;
  AwaitedCompletion done(nullptr);
  reading_ = true;
  stream_.Read(&message, tag_of(done));
  co_await done.wait();
  reading_ = false;
  read_ended_.notify();
  if (!done.ok()) co_return std::nullopt;
  co_return to_payload(message);
}

graph::Awaitable<bool> StreamCall::write(const protocol::Payload& message) {
  AwaitedCompletion done(nullptr);
  stream_.Write(to_byte_buffer(message), tag_of(done));
  co_await done.wait();
  co_return done.ok();
}

}  // namespace infergraph::engine
