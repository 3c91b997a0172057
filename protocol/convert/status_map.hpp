#pragma once

#include <string>
#include <string_view>

#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// How a failure looks in HTTP (docs/wire/engine.md §5).
struct HttpFailure {
  int status;
  std::string_view reason;  ///< "UNAVAILABLE"; "" for what never gets a body of ours
};

/// The only table from codes to HTTP. kUpstream has the status of the node's own answer.
HttpFailure http_failure(const Status& status);

/// The only table from codes to gRPC. kUpstream has the node's own code; that of a node over REST
/// follows from its HTTP status.
GrpcCode grpc_code(const Status& status);

/// A failure as a gRPC caller gets it: what happened and at which node; what a node answered over
/// REST is in the details, as google.rpc.Status with one google.api.HttpBody. The message is UTF-8,
/// and message and details together are cut to what callers take: 7.5 KiB on the wire.
GrpcStatus grpc_status(const Status& status);

/// The node where it failed, for the header Seldon-Failed-Node: printable ASCII, what isn't
/// percent-encoded; "" when no node had a part in it.
std::string failed_node(const Status& status);

/// HTTP's status for a code of gRPC. Source: docs/wire/tensorflow.md §6.
int to_http_status(GrpcCode code);

/// The body of an error for a caller of `protocol`: the node's own answer as it stands if the node
/// speaks that too, else its text, or ours, in the protocol's shape with the node's name.
Payload error_body(const Status& status, Protocol protocol);

}  // namespace infergraph::protocol
