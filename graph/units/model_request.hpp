#pragma once

#include <string>

#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// The body of a call for a model's status or metadata: nothing over REST and for protocol seldon,
/// a message that names the model over gRPC. An empty name asks protocol v2 for its server.
protocol::Payload model_request(protocol::Protocol protocol, protocol::Method method,
                                protocol::Transport transport, const std::string& model);

/// `request`, a message of protocol tensorflow or v2 over gRPC that names its model in its first
/// field, made to name `model`. Its bytes are neither parsed nor copied.
protocol::Payload with_model(const protocol::Payload& request, const std::string& model);
/// The same only where it doesn't name any. Only its beginning is looked at, which is where writers
/// of protobuf write the first field.
protocol::Payload with_default_model(const protocol::Payload& request, const std::string& model);

}  // namespace infergraph::graph
