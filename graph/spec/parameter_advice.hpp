#pragma once

#include "graph/spec/spec.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// Warns of a unit's parameters that it doesn't have, where it is known what it has, that are given
/// twice, or whose value doesn't fit their type.
void advise_parameters(const NodeSpec& node, Problems& warnings);

}  // namespace infergraph::graph
