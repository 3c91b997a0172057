#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tools/text_style.hpp"
#include "graph/spec/spec.hpp"

namespace infergraph::engine {

/// One cell of a row: what it looks like, and its colour. The colour takes no part in the width.
struct TreeCell {
  std::string text;
  std::string (TextStyle::*style)(std::string_view) const = nullptr;
};

/// What the tree says about one node.
struct TreeRow {
  TreeCell name;
  std::vector<TreeCell> columns;     ///< aligned with the same column of the other rows
  std::vector<std::string> details;  ///< whole lines below it, hung into the tree; may hold colours
};

/// Draws the predictor's graph with box characters, one row a node:
///
///     router   ROUTER  REST localhost:9000
///     ├─ a     MODEL   REST localhost:9001
///     └─ b     MODEL   REST localhost:9002
///
/// `row` is called once for each node with its index. What lies deeper than 40 levels is drawn at
/// that depth with the depth in front.
std::string draw_tree(const graph::PredictorSpec& predictor, const TextStyle& style,
                      const std::function<TreeRow(std::size_t)>& row);

/// Columns that lie between the left edge and a detail of a node at `depth`.
std::size_t detail_indent(std::size_t depth);

}  // namespace infergraph::engine
