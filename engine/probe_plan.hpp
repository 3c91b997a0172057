#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/served_graph.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// One endpoint that is looked at, how, and for which nodes. Borrows the nodes.
struct PlannedProbe {
  struct For {
    const graph::NodeSpec* node = nullptr;
    /// The endpoint isn't needed while the model server behind it is called itself, or has
    /// answered: then what is found of it tells.
    bool is_told = false;
  };

  std::string host;
  std::uint16_t port = 0;
  protocol::Transport transport = protocol::Transport::kRest;  ///< of the health check
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  std::string model;
  bool full_health_check = false;  ///< ask the health path instead of connecting
  std::vector<For> nodes;
};

/// Every endpoint that the graph's nodes need, once; of models of protocol tensorflow that are
/// asked for their health each by itself. `full_health_checks` holds for nodes that say nothing of
/// it.
std::vector<PlannedProbe> plan_probes(const ServedGraph& graph, bool full_health_checks);

}  // namespace infergraph::engine
