#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "graph/spec/engine_facts.hpp"
#include "graph/spec/spec.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

// What a graph or its pod asks of the engine and this release doesn't do. It is said, since it
// would be lost silently to who swaps the image.

/// A node's logger, which stands at `path`.
void advise_logger(const LoggerSpec& logger, const std::string& path, Problems& warnings);

/// A predictor's certificate.
void advise_tls(const std::string& path, Problems& warnings);

/// A variable INFERGRAPH_…, by whichever way the engine is given it.
void advise_flag(std::string_view variable, std::string_view value, VariableFault fault,
                 const Place& place, Problems& warnings);

/// A variable that the engine is given, by svcOrchSpec.env: one of a feature that isn't had, or one
/// that means nothing.
void advise_variable(std::string_view name, std::string_view value, VariableFault fault,
                     const Place& place, Problems& warnings);

/// The same for the environment that the engine has, of which only those are looked at that ask for
/// a feature: others are none of our business. Paths are the variables' names.
void advise_environment(
    const std::function<std::optional<std::string>(std::string_view)>& environment,
    Problems& warnings);

}  // namespace infergraph::graph
