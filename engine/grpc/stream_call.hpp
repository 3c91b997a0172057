#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/async/awaitable.hpp"
#include "base/async/event.hpp"
#include "engine/grpc/server_call.hpp"
#include "protocol/grpc_status.hpp"
#include "protocol/payload.hpp"

namespace infergraph::engine {

/// A stream as its handler sees it. Threads: the gRPC thread. One read and one write at a time.
class MessageStream {
 public:
  /// The next message; nothing when the caller has no more, or is gone.
  virtual Awaitable<std::optional<protocol::Payload>> read() = 0;
  /// False when the caller is gone.
  virtual Awaitable<bool> write(const protocol::Payload& message) = 0;
  /// The caller's, as GrpcRequest has it.
  virtual std::vector<protocol::HeaderField> metadata() const = 0;
  virtual Clock::time_point deadline() const = 0;
  /// Cancelled when the caller is gone.
  virtual CancelScope& cancel() = 0;
  /// For the trailing metadata of an error; before the handler ends.
  virtual void set_failed_node(const std::string& name) = 0;
  virtual const Caller& caller() const = 0;

 protected:
  ~MessageStream() = default;
};

/// Answers the calls of a streaming method. Threads: the gRPC thread.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual Awaitable<protocol::GrpcStatus> serve(MessageStream& stream) = 0;
};

/// A call of a streaming method.
class StreamCall final : public ServerCall, private MessageStream {
 public:
  StreamCall(CallHost& host, StreamHandler& handler, int method)
      : ServerCall(host, method), handler_(handler), stream_(&context_) {}

 private:
  void request(void* tag) override {
    host_.service.request(method_, context_, stream_, *host_.queue, tag);
  }
  ServerCall* next() const override { return new StreamCall(host_, handler_, method_); }
  Awaitable<void> serve() override;

  Awaitable<std::optional<protocol::Payload>> read() override;
  Awaitable<bool> write(const protocol::Payload& message) override;
  std::vector<protocol::HeaderField> metadata() const override { return metadata_of(context_); }
  Clock::time_point deadline() const override { return deadline_of(context_); }
  CancelScope& cancel() override { return cancel_; }
  void set_failed_node(const std::string& name) override {
    if (!name.empty()) context_.AddTrailingMetadata("seldon-failed-node", name);
  }
  const Caller& caller() const override { return *this; }

  StreamHandler& handler_;
  RawService::Stream stream_;
  bool reading_ = false;
  Event read_ended_;
};

}  // namespace infergraph::engine
