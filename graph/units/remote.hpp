#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "graph/node_client.hpp"
#include "graph/unit.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// The ways in which one node can be called, as its endpoint says: at least one of them.
struct NodeClients {
  std::shared_ptr<NodeClient> rest;
  std::shared_ptr<NodeClient> grpc;
};

/// A component behind an endpoint. A payload that needs no conversion goes through untouched: only
/// routes are read, and lists built. A node that can be called both ways is called as the request
/// came in.
class RemoteUnit final : public Unit {
 public:
  /// `max_decoded` bounds what a gzip answer may unpack to, in bytes.
  RemoteUnit(NodeClients clients, std::size_t max_decoded);

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload message,
                                                      CallContext& context) override;
  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override;
  Awaitable<protocol::Result<protocol::Payload>> aggregate(std::vector<protocol::Payload> answers,
                                                           CallContext& context) override;

 private:
  using Answer = protocol::Result<protocol::Payload>;

  protocol::Transport transport(const CallContext& context) const;
  NodeClient& client(protocol::Transport transport) const;
  Awaitable<Answer> call_converted(protocol::Method method, protocol::Payload message,
                                   protocol::Transport transport, CallContext& context);
  Answer converted(const protocol::Payload& message, protocol::MessageType type,
                   protocol::Transport transport) const;

  NodeClients clients_;
  std::size_t max_decoded_;
};

}  // namespace infergraph::graph
