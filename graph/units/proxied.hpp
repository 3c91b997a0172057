#pragma once

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "graph/server_finder.hpp"
#include "graph/unit.hpp"

namespace infergraph::graph {

/// A TENSORFLOW_SERVER that is called directly where it has been found, and else as it should be:
/// through the proxy beside it, or under the name that was given. Of two transports that of the
/// request's front is preferred.
///
/// Threads: as Unit.
class ProxiedUnit final : public Unit {
 public:
  /// The server as it is called over one transport, under each of its names; none where it isn't.
  using ByName = std::vector<std::unique_ptr<Unit>>;

  ProxiedUnit(ByName rest, ByName grpc, std::unique_ptr<Unit> proxy,
              std::shared_ptr<const FoundServer> found)
      : servers_{std::move(rest), std::move(grpc)},
        proxy_(std::move(proxy)),
        found_(std::move(found)) {}

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload message,
                                                      CallContext& context) override {
    return chosen(context).call(method, std::move(message), context);
  }
  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override {
    return chosen(context).route(std::move(message), context);
  }
  Awaitable<protocol::Result<protocol::Payload>> aggregate(std::vector<protocol::Payload> answers,
                                                           CallContext& context) override {
    return chosen(context).aggregate(std::move(answers), context);
  }

 private:
  Unit& chosen(const CallContext& context) const {
    using enum protocol::Transport;
    for (const auto transport : {context.front, context.front == kRest ? kGrpc : kRest}) {
      const ByName& server = servers_[static_cast<std::size_t>(transport)];
      const auto name = static_cast<std::size_t>(found_->name(transport));
      if (name < server.size()) return *server[name];
    }
    return *proxy_;
  }

  std::array<ByName, 2> servers_;
  std::unique_ptr<Unit> proxy_;
  std::shared_ptr<const FoundServer> found_;
};

}  // namespace infergraph::graph
