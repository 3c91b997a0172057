#pragma once

#include <string_view>

#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// How a failure looks in HTTP (design §7).
struct HttpFailure {
  int status;
  std::string_view reason;  ///< "UNAVAILABLE"; "" for what never gets a body of ours
};

/// The only table from codes to HTTP. kUpstream has the status of the node's own answer.
HttpFailure http_failure(const protocol::Status& status);

/// The body of an error of our own under protocol seldon, or the node's own answer as it stands.
protocol::Payload seldon_error(const protocol::Status& status);

}  // namespace infergraph::engine
