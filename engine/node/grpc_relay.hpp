#pragma once

#include <memory>
#include <string>

#include "engine/grpc/stream_call.hpp"
#include "engine/node/grpc_channels.hpp"

namespace infergraph::engine {

/// Hands a stream of the caller on to the one node of a graph, message by message in both
/// directions, unread, until the node ends it: how a model that answers more than once is reached.
///
/// Threads: the gRPC thread.
/// Errors: the node's own status; UNAVAILABLE when it can't be connected; INTERNAL when something
/// was thrown.
class GrpcRelay final : public StreamHandler {
 public:
  /// `method` must live for ever.
  GrpcRelay(std::string node, const char* method, std::unique_ptr<GrpcChannels> channels)
      : node_(std::move(node)), method_(method), channels_(std::move(channels)) {}

  Awaitable<protocol::GrpcStatus> serve(MessageStream& caller) override;

 private:
  class Exchange;
  class Parting;

  protocol::GrpcStatus failed(MessageStream& caller, Clock::time_point began,
                              const protocol::Status& why) const;

  std::string node_;
  const char* method_;
  std::unique_ptr<GrpcChannels> channels_;
};

}  // namespace infergraph::engine
