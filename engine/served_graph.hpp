#pragma once

#include <vector>

#include "engine/api/router.hpp"
#include "engine/command_line/options.hpp"
#include "graph/spec/server_kind.hpp"
#include "graph/spec/spec.hpp"

namespace infergraph::engine {

/// A predictor as it is served: what follows from its nodes and from what callers may speak. Plain
/// values. Borrows the predictor, which must be valid.
class ServedGraph {
 public:
  ServedGraph(const Options& options, const graph::PredictorSpec& predictor);

  const graph::PredictorSpec& predictor() const { return predictor_; }
  const std::vector<graph::NodeSpec>& nodes() const { return predictor_.nodes; }
  /// What callers may speak; the first is the graph's own.
  const Protocols& protocols() const { return protocols_; }
  /// It has one node.
  bool is_single() const { return predictor_.nodes.size() == 1; }
  /// Some answer may have to be converted to another protocol.
  bool is_mixed() const { return is_mixed_; }
  graph::ServerKind kind_of(const graph::NodeSpec& node) const {
    return graph::server_kind_of(node, protocols_.front());
  }

 private:
  const graph::PredictorSpec& predictor_;
  Protocols protocols_;
  bool is_mixed_;
};

/// A node that is called: one in the process has no endpoint to be ready.
inline bool is_remote(const graph::NodeSpec& node) { return !graph::is_in_process(node); }

}  // namespace infergraph::engine
