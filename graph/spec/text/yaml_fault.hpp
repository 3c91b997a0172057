#pragma once

#include <string_view>

#include "graph/spec/text/json_tree.hpp"

namespace infergraph::graph {

/// What is really wrong with a YAML text in which the parser found `fault`. A parser stops where it
/// can't go on, and says so in its own terms: at the end of the file for a quote that nobody
/// closed, two lines below a tab. This looks for the slips that people make, and names the line of
/// the slip and what belongs there.
SyntaxFault explain_yaml(std::string_view text, const SyntaxFault& fault);

}  // namespace infergraph::graph
