#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "graph/unit.hpp"

namespace infergraph::engine {

/// A unit whose branch somebody has chosen beforehand (`try --branch`): it is asked for everything
/// but that. Threads: those of the unit behind it.
class TryRouter final : public graph::Unit {
 public:
  TryRouter(std::unique_ptr<graph::Unit> unit, int branch)
      : unit_(std::move(unit)), branch_(branch) {}

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload message,
                                                      graph::CallContext& context) override {
    return unit_->call(method, std::move(message), context);
  }
  Awaitable<protocol::Result<int>> route(protocol::Payload /*message*/,
                                         graph::CallContext& /*context*/) override {
    co_return branch_;
  }
  Awaitable<protocol::Result<protocol::Payload>> aggregate(std::vector<protocol::Payload> answers,
                                                           graph::CallContext& context) override {
    return unit_->aggregate(std::move(answers), context);
  }

 private:
  std::unique_ptr<graph::Unit> unit_;
  int branch_;
};

}  // namespace infergraph::engine
