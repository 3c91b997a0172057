#include "graph/units/registry.hpp"

#include "graph/units/ab_test.hpp"
#include "graph/units/average_combiner.hpp"
#include "graph/units/built_in.hpp"
#include "graph/units/simple_model.hpp"
#include "graph/units/simple_router.hpp"

namespace infergraph::graph {

std::unique_ptr<Unit> make_built_in(const NodeSpec& node, std::size_t max_decoded) {
  switch (node.implementation) {
    case Implementation::kSimpleModel:
      return std::make_unique<SimpleModel>(max_decoded);
    case Implementation::kSimpleRouter:
      return std::make_unique<SimpleRouter>();
    case Implementation::kRandomAbTest:
      return std::make_unique<AbTest>(ratio_a(node.parameters));
    case Implementation::kAverageCombiner:
      return std::make_unique<AverageCombiner>(max_decoded);
    case Implementation::kUnknown:
      return is_fan_out(node) ? std::make_unique<BuiltInUnit>() : nullptr;
    case Implementation::kPrepackaged:
      return nullptr;
  }
  return nullptr;
}

}  // namespace infergraph::graph
