#pragma once

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "graph/unit.hpp"

namespace infergraph::graph {

/// A TENSORFLOW_SERVER that is called directly as soon as it has answered at its own ports, and
/// until then through the proxy beside it, if that is there.
///
/// Threads: as Unit; `direct` may be set from any.
class ProxiedUnit final : public Unit {
 public:
  ProxiedUnit(std::unique_ptr<Unit> server, std::unique_ptr<Unit> proxy,
              std::shared_ptr<const std::atomic<bool>> direct)
      : server_(std::move(server)), proxy_(std::move(proxy)), direct_(std::move(direct)) {}

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload message,
                                                      CallContext& context) override {
    return chosen().call(method, std::move(message), context);
  }
  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override {
    return chosen().route(std::move(message), context);
  }
  Awaitable<protocol::Result<protocol::Payload>> aggregate(std::vector<protocol::Payload> answers,
                                                           CallContext& context) override {
    return chosen().aggregate(std::move(answers), context);
  }

 private:
  Unit& chosen() const { return direct_->load(std::memory_order_relaxed) ? *server_ : *proxy_; }

  std::unique_ptr<Unit> server_;
  std::unique_ptr<Unit> proxy_;
  std::shared_ptr<const std::atomic<bool>> direct_;
};

}  // namespace infergraph::graph
