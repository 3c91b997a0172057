#pragma once

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/spec/predictor_reader.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// The containers of a predictor beside the nodes that they are for. Borrows: the reading.
class ContainerNames {
 public:
  explicit ContainerNames(const PredictorReading& reading);

  bool has(std::string_view name) const { return containers_.contains(name); }
  /// Warns of a node without its container, where there are any.
  void advise_node(const NodeSpec& node, Problems& warnings) const;
  /// Warns of pods in which no container is a node's.
  void advise_unused(Problems& warnings) const;

 private:
  const PredictorReading& reading_;
  std::unordered_map<std::string_view, const Container*> containers_;
  std::unordered_set<std::string_view> nodes_;
  std::vector<std::string_view> without_node_;       // containers
  std::vector<std::string_view> without_container_;  // nodes
};

}  // namespace infergraph::graph
