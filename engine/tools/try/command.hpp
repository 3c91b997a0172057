#pragma once

#include <string>
#include <vector>

#include "engine/command_line/options.hpp"

namespace infergraph::engine {

/// `infergraph try FILE`: sends one request through the graph, in this process, and prints the way
/// that it took.
/// Returns the exit code: 0 for an answer, 1 for a failure or a graph with problems, 2 bad usage.
int run_try(const std::vector<std::string>& args, const Environment& environment);

}  // namespace infergraph::engine
