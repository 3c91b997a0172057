#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/spec/spec.hpp"
#include "graph/unit.hpp"
#include "metrics/cells.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// One node, with everything decided that can be decided before a request comes.
struct PlanNode {
  std::string name;
  NodeType type = NodeType::kUnknown;
  MethodSet methods;
  bool built_in = false;  ///< or a mere fan-out: there is never a call
  bool is_first = true;   ///< of its name, which routing, status and metadata mean
  std::unique_ptr<Unit> unit;
  std::vector<const PlanNode*> children;

  /// What it does with a message before its children see it, if anything.
  std::optional<protocol::Method> input;
  bool routes = false;
  bool aggregates = false;
  bool transforms_output = false;
  bool takes_feedback = false;

  /// Time in this node's own walk; null when nobody counts.
  metrics::SummaryCell* self_time = nullptr;
};

/// A predictor's graph, ready to be walked. Immutable; requests in flight hold the one that they
/// began with.
///
/// Threads: one plan for each I/O thread, since units hold connections of their thread.
class Plan {
 public:
  using UnitFactory = std::function<std::unique_ptr<Unit>(const NodeSpec&)>;

  /// `predictor` must be valid (spec_reader). `make_unit` is called once for every node.
  static std::shared_ptr<const Plan> make(const PredictorSpec& predictor,
                                          const UnitFactory& make_unit);

  const std::string& predictor_name() const { return predictor_name_; }
  const PlanNode& root() const { return *nodes_.front(); }
  /// All nodes, parents before children.
  const std::vector<std::unique_ptr<PlanNode>>& nodes() const { return nodes_; }
  /// The node of that name anywhere in the graph, or null.
  const PlanNode* find(std::string_view name) const;
  /// Whether feedback must be parsed to know where it goes: some node has several children.
  bool has_branches() const { return has_branches_; }

  /// For the composition root, before the plan is shared.
  using Prepare = std::function<void(PlanNode&)>;
  static std::shared_ptr<const Plan> make(const PredictorSpec& predictor,
                                          const UnitFactory& make_unit, const Prepare& prepare);

 private:
  std::string predictor_name_;
  std::vector<std::unique_ptr<PlanNode>> nodes_;
  std::unordered_map<std::string_view, const PlanNode*> by_name_;
  bool has_branches_ = false;
};

}  // namespace infergraph::graph
