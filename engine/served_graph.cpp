#include "engine/served_graph.hpp"

#include <algorithm>

namespace infergraph::engine {

using protocol::Protocol;

namespace {

// What was asked for, and tensorflow where a TensorFlow Serving is a node, since its own clients
// are then a step away.
Protocols served_protocols(const Options& options, const graph::PredictorSpec& predictor) {
  Protocols served = read_protocols(options.protocol).value_or(Protocols{Protocol::kSeldon});
  const bool has_server = std::any_of(
      predictor.nodes.begin(), predictor.nodes.end(),
      [](const graph::NodeSpec& node) { return node.implementation_name == "TENSORFLOW_SERVER"; });
  const bool is_listed =
      std::find(served.begin(), served.end(), Protocol::kTensorflow) != served.end();
  if (has_server && !is_listed) served.push_back(Protocol::kTensorflow);
  return served;
}

// Whether a caller may be of another protocol than a node that answers him.
bool is_mixed(const graph::PredictorSpec& predictor, const Protocols& protocols) {
  for (const graph::NodeSpec& node : predictor.nodes) {
    const auto protocol = is_remote(node) ? graph::server_kind_of(node, protocols.front()).protocol
                                          : Protocol::kSeldon;
    for (const Protocol spoken : protocols) {
      if (spoken != protocol) return true;
    }
  }
  return false;
}

}  // namespace

ServedGraph::ServedGraph(const Options& options, const graph::PredictorSpec& predictor)
    : predictor_(predictor),
      protocols_(served_protocols(options, predictor)),
      is_mixed_(engine::is_mixed(predictor, protocols_)) {}

}  // namespace infergraph::engine
