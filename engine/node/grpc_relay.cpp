#include "engine/node/grpc_relay.hpp"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "engine/grpc/completion.hpp"
#include "engine/grpc/message_bytes.hpp"
#include "engine/grpc/metadata.hpp"
#include "engine/grpc/queue.hpp"
#include "engine/node/grpc_channel.hpp"
#include "engine/observe/failure_log.hpp"
#include "protocol/caught.hpp"
#include "protocol/convert/status_map.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::GrpcStatus;
using protocol::Status;

// The node's half of a relayed stream, shared by the two directions: the one from the caller may
// have to wait for him after the node has ended.
class GrpcRelay::Exchange final : public Cancellable {
 public:
  explicit Exchange(GrpcChannels::Lease its_lease) : lease(std::move(its_lease)) {}

  GrpcChannels::Lease lease;
  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  bool ended = false;  // by the node, or by us: the caller's stream may be gone
  std::optional<Status> thrown;

  void cancel() override { context.TryCancel(); }
  // Ends both directions.
  void fail(const std::exception_ptr& by) noexcept {
    try {
      std::rethrow_exception(by);
    } catch (...) {
      thrown = protocol::caught();
    }
    context.TryCancel();
  }

  Awaitable<bool> start(const char* method, grpc::CompletionQueue& queue) {
    stream = lease.channel().stub.PrepareCall(&context, method, &queue);
    AwaitedCompletion started(nullptr);
    stream->StartCall(tag_of(started));
    co_await started.wait();
    co_return started.ok();
  }

  // From the caller to the node.
  Awaitable<void> pump_up(MessageStream& caller) {
    for (;;) {
      const auto message = co_await caller.read();
      if (!message || ended) break;
      AwaitedCompletion written(nullptr);
      stream->Write(to_byte_buffer(*message), tag_of(written));
      co_await written.wait();
      // Once the node has ended the caller's stream may be gone.
      if (!written.ok() || ended) co_return;
    }
    if (ended) co_return;
    AwaitedCompletion done(nullptr);
    stream->WritesDone(tag_of(done));
    co_await done.wait();
  }

  // From the node to the caller.
  Awaitable<void> pump_down(MessageStream& caller) {
    for (;;) {
      grpc::ByteBuffer message;
      AwaitedCompletion read(nullptr);
      stream->Read(&message, tag_of(read));
      co_await read.wait();
      if (!read.ok()) co_return;
      if (co_await caller.write(to_payload(message))) continue;
      context.TryCancel();
      co_return;
    }
  }

  Awaitable<grpc::Status> finish() {
    grpc::Status status;
    AwaitedCompletion finished(nullptr);
    stream->Finish(&status, tag_of(finished));
    co_await finished.wait();
    ended = true;
    co_return status;
  }
};

// However serve() ends, the other direction may hold the exchange for longer than the caller's
// stream and scope live.
class GrpcRelay::Parting {
 public:
  explicit Parting(Exchange& exchange) : exchange_(exchange) {}
  Parting(const Parting&) = delete;
  Parting& operator=(const Parting&) = delete;
  ~Parting() {
    if (!std::exchange(exchange_.ended, true)) exchange_.context.TryCancel();
    if (exchange_.is_linked()) exchange_.unlink();
  }

 private:
  Exchange& exchange_;
};

GrpcStatus GrpcRelay::failed(MessageStream& caller, Clock::time_point began,
                             const Status& why) const {
  FailedRequest failed;
  for (const protocol::HeaderField& entry : caller.metadata()) {
    if (entry.name == "seldon-puid") failed.puid = entry.value;
  }
  failed.service = method_;
  failed.took = Clock::now() - began;
  log_grpc_failure(failed, why);
  caller.set_failed_node(protocol::failed_node(why));
  return protocol::grpc_status(why);
}

Awaitable<GrpcStatus> GrpcRelay::serve(MessageStream& caller) {
  const auto began = Clock::now();
  auto lease = channels_->lease({});
  if (!lease) {
    const std::string why = "can't resolve: " + channels_->book().error();
    co_return failed(caller, began,
                     Status(Code::kUnavailable, why + " (" + channels_->authority() + ")", node_));
  }
  auto exchange = std::make_shared<Exchange>(*std::move(lease));
  exchange->context.set_authority(channels_->authority());
  for (const protocol::HeaderField& entry : caller.metadata()) {
    if (is_end_to_end(entry.name) && is_legal(entry)) {
      exchange->context.AddMetadata(std::string(entry.name), std::string(entry.value));
    }
  }
  caller.cancel().add(*exchange);
  const Parting parting(*exchange);
  GrpcThread& thread = channels_->transport().thread();
  const bool started = co_await exchange->start(method_, *thread.queue().queue);
  if (started) {
    auto up_ended = [exchange](const std::exception_ptr& thrown) {
      if (thrown) exchange->fail(thrown);
    };
    try {
      boost::asio::co_spawn(thread.context(), exchange->pump_up(caller), up_ended);
      co_await exchange->pump_down(caller);
    } catch (...) {
      exchange->fail(std::current_exception());
    }
  }
  const grpc::Status status = co_await exchange->finish();
  if (exchange->thrown) {
    exchange->thrown->set_node(node_);
    co_return failed(caller, began, *exchange->thrown);
  }
  if (status.ok()) co_return GrpcStatus{};
  if (caller.cancel().cancelled()) {
    co_return failed(caller, began, Status(Code::kCancelled, "cancelled", node_));
  }
  Status why = Status::from_upstream(
      node_, GrpcStatus{protocol::to_grpc_code(static_cast<int>(status.error_code())),
                        status.error_message() + " (" + channels_->authority() + ")",
                        status.error_details()});
  why.set_peer(to_text(exchange->lease.endpoint()));
  co_return failed(caller, began, why);
}

}  // namespace infergraph::engine
