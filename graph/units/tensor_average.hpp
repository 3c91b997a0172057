#pragma once

#include <cstddef>
#include <vector>

#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// The element-wise mean of the children's tensors, matched by their names (or each child's only
/// one), in the protocol, the encoding and with the other members of child 0's answer. Floats keep
/// their type; of integers, and of numbers without a type, the mean is a double. Errors:
/// kInvalidCombination with the child's index: other names or shapes, or no numbers; kBadUpstream
/// for what can't be read.
protocol::Result<protocol::Payload> average_tensors(const std::vector<protocol::Payload>& answers,
                                                    std::size_t max_decoded);

}  // namespace infergraph::graph
