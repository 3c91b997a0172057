#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/json_tree.hpp"
#include "graph/problems.hpp"
#include "graph/spec.hpp"

namespace infergraph::graph {

/// The most nodes that one file may hold, aliases expanded.
inline constexpr std::size_t kMaxNodes = 10'000;

/// A container of componentSpecs[i].spec.containers[], as far as it tells of its node.
/// Borrows: the tree.
struct Container {
  std::string_view name;
  std::string_view image;
  std::uint16_t http_port = 0;  ///< of its port named `http`
  std::uint16_t grpc_port = 0;  ///< of its port named `grpc`
};

/// A predictor as it stands in the file: types are right, but nothing is filled or validated yet.
struct PredictorReading {
  PredictorSpec predictor;
  std::vector<Container> containers;
  std::string path;
  bool is_cut = false;  ///< the file has more nodes than were read
};

/// Reads predictors from a tree, without recursion.
class PredictorReader {
 public:
  /// `max_depth`: how many nodes may lie on one way from the root.
  PredictorReader(std::size_t max_depth, Problems& problems)
      : max_depth_(max_depth), problems_(problems) {}

  /// `path` is where `value` stands in its file.
  PredictorReading read(const JsonValue& value, std::string path);

 private:
  /// False if there were too many nodes.
  bool read_graph(const JsonValue& root, const std::string& path, std::vector<NodeSpec>& nodes);
  NodeSpec read_node(const JsonValue& value, std::string path);

  std::size_t max_depth_;
  std::size_t nodes_ = 0;  // over all predictors of the file
  Problems& problems_;
};

}  // namespace infergraph::graph
