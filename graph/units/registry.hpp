#pragma once

#include <cstddef>
#include <memory>

#include "graph/spec/spec.hpp"
#include "graph/unit.hpp"
#include "protocol/limits.hpp"

namespace infergraph::graph {

/// The unit that the node's implementation names, whatever its type, methods or endpoint say, or
/// one that passes everything on for a mere fan-out; null when the node is called.
std::unique_ptr<Unit> make_built_in(const NodeSpec& node,
                                    std::size_t max_decoded = protocol::kMaxBody);

}  // namespace infergraph::graph
