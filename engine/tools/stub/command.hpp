#pragma once

#include <string>
#include <vector>

#include "engine/command_line/options.hpp"

namespace infergraph::engine {

/// `infergraph stub FILE`: stands in for every remote node of the graph until SIGINT, SIGTERM or
/// --count requests, then prints what each was asked.
/// Returns the exit code: 0 after a stop, 1 for a graph with problems or a taken port, 2 bad usage.
int run_stub(const std::vector<std::string>& args, const Environment& environment);

}  // namespace infergraph::engine
