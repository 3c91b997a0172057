#pragma once

#include "base/async/awaitable.hpp"
#include "graph/call_context.hpp"
#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// One endpoint of one node, in one transport. Knows nothing of graphs.
///
/// Threads: belongs to one I/O thread.
/// Errors: kUpstream with the node's own answer for a non-2xx; kUnavailable, kDeadlineExceeded,
/// kBadUpstream, kTooLarge otherwise. The message names host:port; the caller adds the node's name.
/// Cancellation: through context.cancel, giving kCancelled.
class NodeClient {
 public:
  virtual ~NodeClient() = default;

  /// Sends `payload` as the body of `method` and gives the answer's body, untouched.
  /// kStatus and kMetadata have no body.
  virtual Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                              protocol::Payload payload,
                                                              CallContext& context) = 0;
};

}  // namespace infergraph::graph
