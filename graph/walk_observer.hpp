#pragma once

#include <span>

#include "graph/plan.hpp"
#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// Sees every step of a walk as it happens; for `infergraph try`.
/// Threads: called on the thread of the request. Payloads may be kept: they are handles.
class WalkObserver {
 public:
  virtual ~WalkObserver() = default;

  /// A unit is about to be asked. `in` is the message, or the children's answers for aggregate.
  virtual void on_step(const PlanNode& node, protocol::Method method,
                       std::span<const protocol::Payload> in) = 0;
  /// It answered: exactly one of `out` and `error` is set. A route that went well is told by
  /// on_routing alone.
  virtual void on_answer(const PlanNode& node, protocol::Method method,
                         const protocol::Payload* out, const protocol::Status* error) = 0;
  /// The node's children go on along `branch` (−1 all, −2 none).
  virtual void on_routing(const PlanNode& node, int branch) = 0;
};

}  // namespace infergraph::graph
