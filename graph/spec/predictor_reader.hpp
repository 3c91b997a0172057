#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/component_reader.hpp"
#include "graph/spec/fields.hpp"
#include "graph/spec/spec.hpp"
#include "graph/spec/text/json_tree.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// The most nodes that one file may hold, aliases expanded.
inline constexpr std::size_t kMaxNodes = 10'000;

/// The most bytes that their paths may take together.
inline constexpr std::size_t kMaxPathBytes = 64 << 20;

/// The most bytes of images, one for each node: nodes of one name share a container's.
inline constexpr std::size_t kMaxImageBytes = 16 << 20;

/// What the file says of a node beside its spec, and what was made up for it.
struct NodeNotes {
  /// It has no type, no methods and no implementation, not even an empty one.
  bool is_blank = false;
  bool has_endpoint = false;  ///< an object, even if nothing is in it
  bool port_is_made = false;  ///< nobody said where it is
  std::string_view type;      ///< as written
};

/// A predictor as it stands in the file: types are right, but nothing is filled or validated yet.
struct PredictorReading {
  PredictorSpec predictor;
  std::vector<NodeNotes> notes;  ///< one for each node
  std::vector<Container> containers;
  bool has_components = false;  ///< there are componentSpecs
  std::vector<Variable> variables;
  std::optional<std::int64_t> traffic;
  bool is_shadow = false;
  bool has_tls = false;
  std::string path;
  bool is_cut = false;  ///< the file has more nodes than were read
};

/// Reads predictors from a tree, without recursion.
class PredictorReader {
 public:
  /// `max_depth`: how many nodes may lie on one way from the root.
  PredictorReader(std::size_t max_depth, Findings& findings)
      : max_depth_(max_depth), findings_(findings) {}

  /// `path` is where `value` stands in its file.
  PredictorReading read(const JsonValue& value, std::string path);

 private:
  /// False if there were too many nodes.
  bool read_graph(const JsonValue& root, const std::string& path, PredictorReading& reading);
  void read_node(const Fields& fields, PredictorReading& reading);

  /// Gives each node the image of the container that bears its name, the first if there are
  /// several.
  void set_images(PredictorReading& reading);

  std::size_t max_depth_;
  std::size_t nodes_ = 0;       // over all predictors of the file
  std::size_t path_bytes_ = 0;  // likewise
  std::size_t image_bytes_ = 0;
  Findings& findings_;
};

}  // namespace infergraph::graph
