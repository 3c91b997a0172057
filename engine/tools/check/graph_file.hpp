#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/command_line/options.hpp"
#include "engine/tools/args.hpp"
#include "graph/spec/reader.hpp"
#include "graph/spec/spec.hpp"

namespace infergraph::engine {

/// A graph file that is fit to run, and the one predictor of it that is meant.
struct GraphFile {
  graph::DeploymentSpec deployment;
  graph::PredictorSpec predictor;
};

/// Which graph of which file a command line means.
struct GraphChoice {
  std::string file;       ///< "-" is stdin; empty: ENGINE_PREDICTOR
  std::string predictor;  ///< empty: the only one
  graph::SpecChoice deployment;

  /// The flags --sdep, --namespace and --predictor; FILE may then be missing.
  void add_flags(ToolArgs& tool);
};

/// Reads the graph for `tool` ("stub", "try"). When it can't be run, says why on stderr and gives
/// nothing, with `exit_code` 1 for problems in the graph and 2 for a graph that isn't there or had
/// to be named.
std::optional<GraphFile> read_graph_file(std::string_view tool, const GraphChoice& choice,
                                         const Environment& environment, int& exit_code);

}  // namespace infergraph::engine
