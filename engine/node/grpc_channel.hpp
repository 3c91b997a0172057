#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <utility>

#include "engine/node/grpc_channels.hpp"

namespace infergraph::engine {

/// grpc++'s channel to one address.
struct GrpcTransport::Channel {
  explicit Channel(std::shared_ptr<grpc::Channel> its_channel)
      : channel(its_channel), stub(std::move(its_channel)) {}

  /// Connected as far as anybody knows; asks for no connection.
  bool is_ready() const { return channel->GetState(false) == GRPC_CHANNEL_READY; }
  /// The last attempt to connect failed, and the next is yet to come.
  bool is_down() const { return channel->GetState(false) == GRPC_CHANNEL_TRANSIENT_FAILURE; }

  std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
};

}  // namespace infergraph::engine
