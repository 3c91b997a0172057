#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "graph/node_client.hpp"
#include "graph/spec/node_settings.hpp"
#include "graph/unit.hpp"
#include "graph/units/model_lookup.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/protocol.hpp"
#include "protocol/seldon/route_oddity.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::graph {

/// The ways in which one node can be called, as its endpoint says: at least one of them.
struct NodeClients {
  std::shared_ptr<NodeClient> rest;
  std::shared_ptr<NodeClient> grpc;
};

/// A component behind an endpoint. A payload that needs no conversion goes through untouched: only
/// routes are read, and lists built. A node that can be called both ways is called as the request
/// came in, but for calls that its protocol has in one transport alone.
class RemoteUnit final : public Unit {
 public:
  struct Options {
    protocol::Protocol protocol = protocol::Protocol::kSeldon;
    protocol::ModelProfile model;
    /// The graph has no other node: then callers may name the model.
    bool is_only = false;
    AggregateBody aggregate_body = AggregateBody::kList;
    std::size_t max_decoded = 0;  ///< bytes that a gzip body may unpack to
    /// Told of each route that is not as it should be; empty when nobody cares.
    std::function<void(protocol::RouteOddity)> on_odd_route = {};
  };

  RemoteUnit(NodeClients clients, Options options);

  Awaitable<Answer> call(protocol::Method method, protocol::Payload message,
                         CallContext& context) override;
  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override;
  Awaitable<Answer> aggregate(std::vector<protocol::Payload> answers,
                              CallContext& context) override;

 private:
  protocol::Transport transport(protocol::Method method, const CallContext& context) const;
  NodeClient& client(protocol::Transport transport) const;
  protocol::Target target(protocol::Transport transport, const CallContext& context) const;
  bool needs_metadata(const protocol::Payload& message, protocol::Transport transport,
                      const CallContext& context) const;

  Awaitable<Answer> ask(protocol::Method method, protocol::Payload request,
                        protocol::Transport transport, CallContext& context);
  Awaitable<Answer> call_converted(protocol::Method method, protocol::Payload message,
                                   protocol::Transport transport, CallContext& context);
  Awaitable<Answer> send_feedback(protocol::Payload message, protocol::Transport transport,
                                  CallContext& context);
  protocol::Payload named(const protocol::Payload& message) const;
  ModelLookup::Profile called_as(ModelLookup::Profile model, const CallContext& context) const;
  Answer converted(const protocol::Payload& message, const protocol::Target& target) const;
  Answer adapted(protocol::Payload answer) const;
  Answer listed(std::span<const protocol::Payload> answers, const protocol::Target& asked) const;

  NodeClients clients_;
  Options options_;
  ModelLookup lookup_;
};

}  // namespace infergraph::graph
