#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/call_context.hpp"
#include "graph/walk_observer.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// Keeps what one walk did. Threads: that of the walk, then any.
class TryRecorder final : public graph::WalkObserver {
 public:
  /// One call of a unit.
  struct Step {
    protocol::Method method = protocol::Method::kPredict;
    /// As the node got it; as the walk had it, of one in the process. Several for aggregate.
    std::vector<protocol::Payload> in;
    std::optional<protocol::Payload> out;
    std::optional<protocol::Status> error;
    std::optional<Clock::duration> took;  ///< none: it never answered
  };

  /// What one node did.
  struct Visit {
    std::vector<Step> steps;
    std::optional<int> branch;  ///< of a node with children: −1 all, −2 none
  };

  using Now = Clock::time_point (*)();
  /// `now` is the clock, but for tests.
  explicit TryRecorder(Now now = Clock::now) : now_(now) {}

  void on_step(const graph::PlanNode& node, protocol::Method method,
               std::span<const protocol::Payload> in) override;
  void on_answer(const graph::PlanNode& node, protocol::Method method, const protocol::Payload* out,
                 const protocol::Status* error) override;
  void on_routing(const graph::PlanNode& node, int branch) override;

  /// What is sent to the node in its last step, in the form in which it gets it.
  void on_sent(std::string_view node, protocol::Method method, const protocol::Payload& sent);

  /// Null for a node that did nothing.
  const Visit* find(std::string_view node) const;

 private:
  Now now_;
  std::unordered_map<std::string, Visit> visits_;
  std::unordered_map<std::string, Clock::time_point> began_;
};

}  // namespace infergraph::engine
