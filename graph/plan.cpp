#include "graph/plan.hpp"

#include <utility>

namespace infergraph::graph {
namespace {

using protocol::Method;

// The four built-in units do one thing each, whatever type and methods say.
void decide_built_in(PlanNode& node, Implementation implementation) {
  switch (implementation) {
    case Implementation::kSimpleModel:
      node.input = Method::kPredict;
      break;
    case Implementation::kSimpleRouter:
    case Implementation::kRandomAbTest:
      node.routes = true;
      break;
    case Implementation::kAverageCombiner:
      node.aggregates = true;
      break;
    case Implementation::kUnknown:
    case Implementation::kPrepackaged:
      break;
  }
}

// Type and methods are a union (docs/wire/graph.md §8).
void decide_remote(PlanNode& node) {
  const NodeType type = node.type;
  if (type == NodeType::kTransformer || node.methods.transform_input) {
    node.input = Method::kTransformInput;
  } else if (type == NodeType::kModel) {
    node.input = Method::kPredict;
  }
  node.routes = type == NodeType::kRouter || node.methods.route;
  node.aggregates = type == NodeType::kCombiner || node.methods.aggregate;
  node.transforms_output = type == NodeType::kOutputTransformer || node.methods.transform_output;
  node.takes_feedback =
      type == NodeType::kModel || type == NodeType::kRouter || node.methods.send_feedback;
}

}  // namespace

std::shared_ptr<const Plan> Plan::make(const PredictorSpec& predictor,
                                       const UnitFactory& make_unit) {
  return make(predictor, make_unit, [](PlanNode&) {});
}

std::shared_ptr<const Plan> Plan::make(const PredictorSpec& predictor, const UnitFactory& make_unit,
                                       const Prepare& prepare) {
  auto plan = std::make_shared<Plan>();
  plan->predictor_name_ = predictor.name;
  for (const NodeSpec& spec : predictor.nodes) {
    auto node = std::make_unique<PlanNode>();
    node->name = spec.name;
    node->type = spec.type;
    node->methods = spec.methods;
    node->built_in = is_in_process(spec);
    node->unit = make_unit(spec);
    if (node->built_in) {
      decide_built_in(*node, spec.implementation);
    } else {
      decide_remote(*node);
    }
    prepare(*node);
    plan->has_branches_ = plan->has_branches_ || spec.children.size() > 1;
    plan->nodes_.push_back(std::move(node));
  }
  for (std::size_t i = 0; i < predictor.nodes.size(); ++i) {
    PlanNode& node = *plan->nodes_[i];
    for (const std::size_t child : predictor.nodes[i].children) {
      node.children.push_back(plan->nodes_[child].get());
    }
    node.is_first = plan->by_name_.emplace(node.name, &node).second;
  }
  return plan;
}

const PlanNode* Plan::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace infergraph::graph
