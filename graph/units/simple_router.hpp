#pragma once

#include "graph/units/built_in.hpp"

namespace infergraph::graph {

/// SIMPLE_ROUTER: always the first child.
class SimpleRouter final : public BuiltInUnit {
 public:
  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override;
};

}  // namespace infergraph::graph
