#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "graph/spec/text/json_tree.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// Gives each problem of a path the line and column of what it is about: where its key stands, or
/// what is nearest around it when that isn't there. Paths are those of `tree`; what begins with
/// `prefix` has that for the root.
void locate(const JsonTree& tree, std::string_view prefix, std::span<Problem> problems);

/// Gives each problem that has a line that line of `text`, cut around its column.
void quote_source(std::string_view text, std::span<Problem> problems);

}  // namespace infergraph::graph
