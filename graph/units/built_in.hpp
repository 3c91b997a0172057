#pragma once

#include <cstddef>
#include <vector>

#include "graph/unit.hpp"

namespace infergraph::graph {

/// The message in plain JSON, which is what the built-in units read.
protocol::Result<protocol::Payload> as_json(const protocol::Payload& message,
                                            std::size_t max_decoded);

/// What the built-in units have in common: each does one thing, and everything else passes through.
/// Messages go on unchanged, every child is taken, the first child's answer is the answer; feedback
/// gets an empty SeldonMessage, status an empty 200, metadata {}.
/// Source: docs/wire/graph.md §9.
class BuiltInUnit : public Unit {
 public:
  Awaitable<Answer> call(protocol::Method method, protocol::Payload message,
                         CallContext& context) override;
  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override;
  Awaitable<Answer> aggregate(std::vector<protocol::Payload> answers,
                              CallContext& context) override;
};

}  // namespace infergraph::graph
