#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/spec/spec.hpp"
#include "protocol/protocol.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::graph {

/// Which protocol a node speaks, and what its model is called: from the graph's protocol, the
/// node's implementation and its settings. Source: docs/wire/graph.md §4, §5.
struct ServerKind {
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  protocol::ModelProfile model;
  /// Of a TENSORFLOW_SERVER in a graph of another protocol: where the model server itself is,
  /// behind its proxy; `protocol` is tensorflow then.
  std::optional<Endpoint> direct;
  /// The direct endpoint is a guess: unless the model server itself answers there, the node is the
  /// proxy at its own endpoint, of protocol seldon.
  bool may_be_proxy = false;
  /// Of a TENSORFLOW_SERVER: what its model may be called, where that is to be found out by asking.
  /// The operator runs the server under the unit's name, whatever the setting model_name says.
  std::vector<std::string> names;
};

ServerKind server_kind_of(const NodeSpec& node, protocol::Protocol graph_protocol);

}  // namespace infergraph::graph
