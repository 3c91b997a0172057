#include "engine/tools/tree_printer.hpp"

#include <algorithm>

#include "engine/tools/spec_text.hpp"

namespace infergraph::engine {
namespace {

// Deeper graphs are legal (a thousand levels), but nobody reads past the edge of the screen.
constexpr std::size_t kMaxDrawnDepth = 40;

std::string pad(const TreeCell& cell, std::size_t width, const TextStyle& style) {
  const std::size_t columns = columns_of(cell.text);
  const std::string text = cell.style == nullptr ? cell.text : (style.*cell.style)(cell.text);
  return text + std::string(width > columns ? width - columns : 0, ' ');
}

/// What stands before a node's name, and before its details.
struct Branches {
  std::string name;
  std::string detail;
};

Branches branches_of(const TreePlace& place, std::vector<bool>& goes_on, bool has_children) {
  // goes_on[d]: a node of depth d has siblings still to come.
  goes_on.resize(place.depth + 1);
  goes_on[place.depth] = !place.last;
  Branches made;
  const std::size_t drawn = std::min(place.depth, kMaxDrawnDepth);
  for (std::size_t depth = 1; depth < drawn; ++depth) made.name += goes_on[depth] ? "│  " : "   ";
  made.detail = made.name;
  if (drawn > 0) {
    made.name += place.last ? "└─ " : "├─ ";
    made.detail += place.last ? "   " : "│  ";
  }
  made.detail += has_children ? "│  " : "   ";
  if (place.depth > kMaxDrawnDepth) made.name += "(level " + std::to_string(place.depth) + ") ";
  return made;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::size_t detail_indent(std::size_t depth) { return 3 * (std::min(depth, kMaxDrawnDepth) + 1); }

std::string draw_tree(const graph::PredictorSpec& predictor, const TextStyle& style,
                      const std::function<TreeRow(std::size_t)>& row) {
  const auto places = tree_order(predictor);
  std::vector<TreeRow> rows;
  std::vector<Branches> branches;
  std::vector<std::size_t> widths(1);
  std::vector<bool> goes_on;
  for (const TreePlace& place : places) {
    rows.push_back(row(place.node));
    const bool has_children = !predictor.nodes[place.node].children.empty();
    branches.push_back(branches_of(place, goes_on, has_children));
    const TreeRow& made = rows.back();
    widths.resize(std::max(widths.size(), made.columns.size() + 1));
    widths[0] = std::max(widths[0], columns_of(branches.back().name) + columns_of(made.name.text));
    for (std::size_t i = 0; i < made.columns.size(); ++i) {
      widths[i + 1] = std::max(widths[i + 1], columns_of(made.columns[i].text));
    }
  }

  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& before = branches[i].name;
    std::string line = style.dim(before) + pad(rows[i].name, widths[0] - columns_of(before), style);
    for (std::size_t k = 0; k < rows[i].columns.size(); ++k) {
      if (widths[k + 1] > 0) line += "  " + pad(rows[i].columns[k], widths[k + 1], style);
    }
    text += trimmed(std::move(line)) + "\n";
    for (const std::string& detail : rows[i].details) {
      text += trimmed(style.dim(branches[i].detail) + detail) + "\n";
    }
  }
  return text;
}

}  // namespace infergraph::engine
