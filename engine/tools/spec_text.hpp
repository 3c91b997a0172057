#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/tools/json_text.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// As a graph file writes it: "OUTPUT_TRANSFORMER"; "" for kUnknown.
std::string_view type_text(graph::NodeType type);

/// "SIMPLE_MODEL", the name of a prepackaged server, or "".
std::string_view implementation_text(const graph::NodeSpec& node);

/// "TRANSFORM_INPUT", …, in the order of the walk.
std::vector<std::string_view> method_texts(const graph::MethodSet& methods);

/// How a node there is called: the endpoint's type, else by its only port, else the deployment's
/// transport, else REST.
protocol::Transport transport_of(const graph::Endpoint& endpoint,
                                 std::string_view deployment_transport);
std::string_view transport_text(protocol::Transport transport);

/// "localhost:9000", "[::1]:9000", "model-a" without a port, "" for nothing.
std::string address_text(std::string_view host, std::uint16_t port);

/// Where a node stands in its tree.
struct TreePlace {
  std::size_t node = 0;   ///< index in PredictorSpec::nodes
  std::size_t depth = 0;  ///< 0 is the root
  bool last = true;       ///< of its parent's children
};

/// The nodes that can be reached from the root, parents before their children. Safe for a spec with
/// problems: no node is visited twice.
std::vector<TreePlace> tree_order(const graph::PredictorSpec& predictor);

/// Writes the predictor as {"name":…,"graph":{…,"children":[…]}}.
void write_predictor(JsonWriter& writer, const graph::PredictorSpec& predictor,
                     std::string_view deployment_transport);

}  // namespace infergraph::engine
