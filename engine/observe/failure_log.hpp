#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// A request that failed, as its front knows it. Borrows all texts.
struct FailedRequest {
  std::string_view puid;
  std::string_view service;             ///< as in the metrics; empty for what is not counted there
  std::string_view verb;                ///< of REST
  std::string_view path;                ///< of REST
  std::optional<Clock::duration> took;  ///< unknown for what never reached the API
};

/// Writes one line on a request that failed: who asked for what, where it failed (the node, the
/// address that was really called), as what (status and reason over REST, the code over gRPC), and
/// why. A failure of the engine or a node is an error; what the caller must change, a node's own
/// 4xx among it, a warning; his going away, information.
///
/// At most 50 lines a second, and as many warnings, so that a caller's mistakes hide nothing;
/// before the next line after some were held back, one tells how many. Threads: any. Takes no lock
/// for what is held back.
void log_rest_failure(const FailedRequest& request, const protocol::Status& why);
void log_grpc_failure(const FailedRequest& request, const protocol::Status& why);

}  // namespace infergraph::engine
