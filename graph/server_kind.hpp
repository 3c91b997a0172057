#pragma once

#include <optional>
#include <string_view>

#include "graph/spec.hpp"
#include "protocol/model_profile.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// Which protocol a node speaks, and what its model is called: from the graph's protocol, the
/// node's implementation and its parameters `protocol`, `model_name`, `signature_name`,
/// `model_input`, `model_output`, `input_names`, `output_names` (a=b,c=d), `rest_endpoint` and
/// `grpc_endpoint`. Sources: contract/tfserving_proxy.md §1, §6, contract/operator.md §4.
struct ServerKind {
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  protocol::ModelProfile model;
  /// Of a TENSORFLOW_SERVER in a graph of another protocol: where the model server itself is,
  /// behind its proxy; `protocol` is tensorflow then.
  std::optional<Endpoint> direct;
  /// The direct endpoint is a guess: until something answers there, the node is the proxy at its
  /// own endpoint, of protocol seldon.
  bool may_be_proxy = false;
};

ServerKind server_kind_of(const NodeSpec& node, protocol::Protocol graph_protocol);

/// The value of the last parameter of that name, as the proxy reads them; nothing when there is
/// none.
std::optional<std::string_view> parameter_of(const NodeSpec& node, std::string_view name);

/// What is wrong with "http://host:2001" or "host:2000", or "". Out: host and port.
std::string read_address(std::string_view text, std::string& host, std::uint16_t& port);
/// What is wrong with "a=b,c=d", or "". Out: the names.
std::string read_names(std::string_view text, protocol::ModelProfile::Names& names);

}  // namespace infergraph::graph
