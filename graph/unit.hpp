#pragma once

#include <vector>

#include "graph/call_context.hpp"
#include "graph/node_client.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// What stands behind a node of the plan: a remote component, or a unit in the process.
///
/// Threads: belongs to one I/O thread, like the plan it hangs in; requests interleave on it, so it
/// keeps nothing of a request in its members.
/// Errors: the status may lack the node's name; the walker adds it.
class Unit {
 public:
  using Answer = protocol::Result<protocol::Payload>;

  virtual ~Unit() = default;

  /// predict, transform-input, transform-output, send-feedback, status, metadata.
  virtual Awaitable<Answer> call(protocol::Method method, protocol::Payload message,
                                 CallContext& context) = 0;

  /// The branch for `message`: −1 all, −2 none, else the index of a child. Not checked for range.
  virtual Awaitable<protocol::Result<int>> route(protocol::Payload message,
                                                 CallContext& context) = 0;

  /// One answer out of the children's, in the order of the children; never called with none.
  virtual Awaitable<Answer> aggregate(std::vector<protocol::Payload> answers,
                                      CallContext& context) = 0;
};

}  // namespace infergraph::graph
