#pragma once

#include <cstddef>
#include <vector>

#include "graph/units/built_in.hpp"

namespace infergraph::graph {

/// AVERAGE_COMBINER: the element-wise mean of the children's two-dimensional tensors or ndarrays.
/// Names, kind, status and meta are child 0's, as it wrote them.
/// Errors: kInvalidCombination with the child's index for data that can't be combined; kBadUpstream
/// for an answer that isn't JSON; kTooLarge for one that unpacks to more than `max_decoded` bytes.
class AverageCombiner final : public BuiltInUnit {
 public:
  explicit AverageCombiner(std::size_t max_decoded) : max_decoded_(max_decoded) {}

  Awaitable<protocol::Result<protocol::Payload>> aggregate(std::vector<protocol::Payload> answers,
                                                           CallContext& context) override;

 private:
  std::size_t max_decoded_;
};

}  // namespace infergraph::graph
