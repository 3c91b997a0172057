#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "graph/json_tree.hpp"
#include "graph/spec_reader.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// Deepest nesting that is read from YAML: two levels for each of 200 nodes and a few more.
/// yaml-cpp recurses, and refuses 500 itself.
inline constexpr std::size_t kMaxYamlNesting = 2 * 200 + 50;

/// What aliases and merge keys may add to a file, in values and in bytes of text: far more than the
/// largest graph needs, and nothing that could blow up.
inline constexpr std::size_t kMaxAliasValues = 500'000;
inline constexpr std::size_t kMaxAliasBytes = 16 << 20;

/// One document of a YAML text, as the JSON tree that it stands for.
struct YamlDocument {
  JsonTree tree;
  std::vector<Problem> problems;  ///< keys given twice
};

/// Reads every document of a YAML text, the empty ones left out.
///
/// Plain scalars are resolved by the core schema of YAML 1.2 (so `yes` is a string), aliases and
/// merge keys (`<<`) are expanded. Errors: kInvalidArgument with line and column; also for a
/// nesting or an expansion over the limits above.
protocol::Result<std::vector<YamlDocument>> parse_yaml(std::string_view text);

/// How the core schema resolves a plain scalar: null, a boolean, a number or else a string.
protocol::json::Kind resolve_plain(std::string_view text);

}  // namespace infergraph::graph
