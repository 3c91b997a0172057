#include "engine/grpc/stream_call.hpp"

#include "engine/grpc/message_bytes.hpp"

namespace infergraph::engine {

Awaitable<void> StreamCall::serve() {
  grpc::Status status;
  try {
    const protocol::GrpcStatus made = co_await handler_.serve(*this);
    status = grpc::Status(static_cast<grpc::StatusCode>(made.code), made.message, made.details);
  } catch (...) {
    status = thrown();
  }
  AwaitedCompletion finished(nullptr);
  bool finishes = false;
  try {
    stream_.Finish(status, tag_of(finished));
    finishes = true;
  } catch (...) {
    (void)thrown();
    context_.TryCancel();
  }
  if (finishes) co_await finished.wait();
  // A handler may leave a read behind, which ends with the call; until then it holds on to the
  // stream. So nothing may be thrown out of here before.
  while (reading_) co_await read_ended_.wait();
}

Awaitable<std::optional<protocol::Payload>> StreamCall::read() {
  grpc::ByteBuffer message;
  AwaitedCompletion done(nullptr);
  stream_.Read(&message, tag_of(done));
  reading_ = true;  // not before: that may throw
  co_await done.wait();
  reading_ = false;
  read_ended_.notify();
  if (!done.ok()) co_return std::nullopt;
  co_return to_payload(message);
}

Awaitable<bool> StreamCall::write(const protocol::Payload& message) {
  AwaitedCompletion done(nullptr);
  stream_.Write(to_byte_buffer(message), tag_of(done));
  co_await done.wait();
  co_return done.ok();
}

}  // namespace infergraph::engine
