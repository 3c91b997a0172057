#pragma once

#include <cstddef>
#include <memory>

#include "graph/spec/spec.hpp"
#include "graph/unit.hpp"

namespace infergraph::graph {

/// What a unit unpacks a gzip body to at most, when nobody says otherwise: --max_body_bytes'
/// default.
inline constexpr std::size_t kDefaultMaxDecoded = std::size_t{128} << 20U;

/// The unit that the node's implementation names, whatever its type, methods or endpoint say, or
/// one that passes everything on for a mere fan-out; null when the node is called.
std::unique_ptr<Unit> make_built_in(const NodeSpec& node,
                                    std::size_t max_decoded = kDefaultMaxDecoded);

}  // namespace infergraph::graph
