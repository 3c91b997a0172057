#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/node_watch.hpp"
#include "engine/served_graph.hpp"
#include "graph/units/remote.hpp"

namespace infergraph::engine {

/// One way to call a node: a TENSORFLOW_SERVER may be called in two protocols, and under two names.
struct NodePlace {
  const graph::NodeSpec& node;
  graph::Endpoint endpoint;
  protocol::Protocol protocol;
  std::string model;
};

/// Makes what stands behind the nodes of a graph, for one thread.
class NodeUnits {
 public:
  /// Makes that thread's clients of a place.
  using MakeClients = std::function<graph::NodeClients(const NodePlace&)>;

  /// `max_decoded`: bytes that an answer may unpack to. Borrows the graph and the watch.
  NodeUnits(const ServedGraph& graph, const NodeWatch& watch, std::size_t max_decoded)
      : graph_(graph), watch_(watch), max_decoded_(max_decoded) {}

  std::unique_ptr<graph::Unit> make(const graph::NodeSpec& node,
                                    const MakeClients& make_clients) const;

 private:
  const ServedGraph& graph_;
  const NodeWatch& watch_;
  std::size_t max_decoded_;
};

}  // namespace infergraph::engine
