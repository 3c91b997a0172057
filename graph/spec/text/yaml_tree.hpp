#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "graph/spec/text/json_tree.hpp"

namespace infergraph::graph {

/// Deepest nesting that is read from YAML: two levels for each of 200 nodes and a few more.
/// yaml-cpp recurses, and refuses 500 itself.
inline constexpr std::size_t kMaxYamlNesting = 2 * 200 + 50;

/// What aliases and merge keys may add to a file, in values and in bytes of text: far more than the
/// largest graph needs, and nothing that could blow up.
inline constexpr std::size_t kMaxAliasValues = 500'000;
inline constexpr std::size_t kMaxAliasBytes = 16 << 20;

/// Reads every document of a YAML text, the empty ones left out. Nothing, with `fault` set, when it
/// is none, and for a nesting or an expansion over the limits above.
///
/// Plain scalars are resolved as Kubernetes does (yaml_scalar.hpp), aliases and merge keys (`<<`)
/// are expanded.
std::optional<std::vector<JsonTree>> parse_yaml(std::string_view text, SyntaxFault& fault);

}  // namespace infergraph::graph
