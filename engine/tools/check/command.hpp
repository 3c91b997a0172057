#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "engine/command_line/options.hpp"
#include "engine/tools/text_style.hpp"
#include "graph/spec/reader.hpp"

namespace infergraph::engine {

/// `infergraph check FILE`: draws the graph and lists what is wrong with it. Without FILE the graph
/// is that of ENGINE_PREDICTOR.
/// Returns the exit code: 0 none or warnings, 1 errors, or warnings with --strict, 2 bad usage.
int run_check(const std::vector<std::string>& args, const Environment& environment);

/// Draws what was read and lists every error and warning with its place and path.
void print_check(std::ostream& out, const graph::SpecReading& reading, const TextStyle& style);

/// {"ok":…,"deployment":…,"problems":[{"path","message","line","column"}],"warnings":[…],
/// "predictors":[{"name","graph"}]}
void print_check_json(std::ostream& out, const graph::SpecReading& reading);

/// Leaves only the predictor of that name. False if there is none.
bool keep_predictor(graph::DeploymentSpec& deployment, const std::string& name);

/// "main, canary", or "none": for an error message.
std::string predictor_names(const graph::DeploymentSpec& deployment);

}  // namespace infergraph::engine
