#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// The element-wise mean of the children's tensors, matched by their names (or each child's only
/// one), in the protocol, the encoding and with the other members of child 0's answer. Floats keep
/// their type; of integers, and of numbers without a type, the mean is a double. Errors:
/// kInvalidCombination with the child's index: other names or shapes, or no numbers; kBadUpstream
/// for what can't be read. Reads the children one after the other, and lets go of each that is
/// large once it is read.
protocol::Result<protocol::Payload> average_tensors(std::vector<protocol::Payload>& answers,
                                                    std::size_t max_decoded);

/// What is wrong with the answer of child `child`, so that there is no mean.
protocol::Status cannot_combine(const std::string& what, std::size_t child);

/// Drops the bytes of `answer` if they are many; all else of it stays. What is small stays whole: a
/// combiner that ended early is begun again, elsewhere, and only with small answers.
void let_go(protocol::Payload& answer);

}  // namespace infergraph::graph
