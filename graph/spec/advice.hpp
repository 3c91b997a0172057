#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/engine_facts.hpp"
#include "graph/spec/predictor_reader.hpp"
#include "graph/spec/text/problems.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// Warns of what in a predictor is served, but hardly as its writer means it: names given twice,
/// children that are missing or that nothing combines, addresses that two nodes share or that
/// nobody gave, containers without nodes and nodes without containers, implementations, parameters,
/// what this release ignores, and variables of the engine's flags. To be called when everything was
/// filled.
void advise(const PredictorReading& reading, protocol::Protocol protocol, VariableFault fault,
            Problems& warnings);

/// Warns of shares of the traffic that don't add up.
void advise_traffic(std::span<const PredictorReading> readings, Problems& warnings);

/// Warns of annotations whose name is a slip of the pen, and of values that are none. `path` is
/// where they stand.
void advise_annotations(const Annotations& annotations, std::string_view path, VariableFault fault,
                        Problems& warnings);

}  // namespace infergraph::graph
