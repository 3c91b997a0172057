#pragma once

#include <span>
#include <string>

#include "graph/spec/predictor_reader.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// Adds what is wrong with a predictor whose fields were read and filled, so that it can't be
/// served: no address, no number for a ratio. What follows from a problem that is known already is
/// not said again.
void validate(const PredictorReading& reading, Problems& problems);

/// The same for the predictors of a deployment together: each name once.
void validate_names(std::span<const PredictorReading> readings, Problems& problems);

}  // namespace infergraph::graph
