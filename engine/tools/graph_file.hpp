#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "graph/spec.hpp"

namespace infergraph::engine {

/// A graph file that is fit to run, and the one predictor of it that is meant.
struct GraphFile {
  graph::DeploymentSpec deployment;
  graph::PredictorSpec predictor;
};

/// Reads FILE for `tool` ("stub", "try"). An empty `predictor` means the only one. When it can't be
/// run, says why on stderr and gives nothing, with `exit_code` 1 for problems in the graph and 2
/// for a predictor that isn't there or had to be named.
std::optional<GraphFile> read_graph_file(std::string_view tool, const std::string& file,
                                         const std::string& predictor, int& exit_code);

}  // namespace infergraph::engine
