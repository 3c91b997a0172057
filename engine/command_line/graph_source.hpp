#pragma once

#include <string>
#include <vector>

#include "engine/command_line/options.hpp"
#include "graph/spec/annotations.hpp"
#include "graph/spec/spec.hpp"
#include "graph/spec/text/problems.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// What the engine serves, and with which annotations.
struct GraphToServe {
  graph::PredictorSpec predictor;
  graph::Annotated annotations;
  std::vector<std::string> warnings;  ///< the graph's, twenty at most and a count, then others
};

/// One line for a log: "graph.yaml:9:11: spec.predictors[0].graph.type: …".
std::string told(const std::string& source, const graph::Problem& problem);

/// Loads the graph from --file, else from ENGINE_PREDICTOR, and fills --sdep, --namespace and
/// --predictor of `options` from the file where they were not given.
/// Errors: kInvalidArgument, whose message lists every problem found, a line each.
protocol::Result<GraphToServe> load_graph(Options& options, const Environment& environment);

}  // namespace infergraph::engine
