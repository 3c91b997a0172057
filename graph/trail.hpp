#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace infergraph::graph {

/// The routing of one walk: for each node visited, the branch that it took; −1 is all of them, and
/// what a node without children gets. Borrows the names from the plan.
class Trail {
 public:
  void record(std::string_view node, int branch) { routing_.emplace_back(node, branch); }
  const std::vector<std::pair<std::string_view, int>>& routing() const { return routing_; }

 private:
  std::vector<std::pair<std::string_view, int>> routing_;
};

}  // namespace infergraph::graph
