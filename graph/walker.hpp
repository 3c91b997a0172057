#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "graph/call_context.hpp"
#include "graph/plan.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// Walks a plan: the definition of the walk (docs/wire/graph.md §8), and nothing of sockets.
///
/// Threads: the one of the plan. Requests interleave on it.
/// Owns/borrows: borrows the plan, which the request must hold.
/// Errors: every Status names the node where it happened.
/// Cancellation: through context.cancel; every child that was started is awaited.
class Walker {
 public:
  /// `max_decoded` bounds what a gzip body may unpack to, where it must be unpacked.
  Walker(const Plan& plan, std::size_t max_decoded) : plan_(plan), max_decoded_(max_decoded) {}

  /// One prediction: input, children along the route, output.
  Awaitable<protocol::Result<protocol::Payload>> predict(protocol::Payload message,
                                                         CallContext& context);

  /// A Feedback to every node along the routing that its response recorded.
  Awaitable<protocol::Result<protocol::Payload>> feedback(protocol::Payload body,
                                                          CallContext& context);

  /// kStatus or kMetadata of the node of that name, anywhere in the graph. `request` is the
  /// caller's own, if his protocol has one.
  Awaitable<protocol::Result<protocol::Payload>> ask(protocol::Method method,
                                                     std::string_view node_name,
                                                     protocol::Payload request,
                                                     CallContext& context);

  /// What every node says of itself, and what the graph takes and gives.
  Awaitable<protocol::Result<protocol::Payload>> graph_metadata(CallContext& context);

 private:
  using Answer = protocol::Result<protocol::Payload>;
  using Routing = std::map<std::string, int>;

  /// The node and what is below it. `message` is one, and becomes the answer.
  Awaitable<Answer> predict_at(const PlanNode& node, Answer message, CallContext& context);
  /// What the children make of the message, which is used up. Sets `branch` to where it went.
  Awaitable<Answer> ask_children(const PlanNode& node, protocol::Payload& message, int& branch,
                                 CallContext& context);
  Awaitable<Answer> feedback_at(const PlanNode& node, const protocol::Payload& body,
                                const Routing& routing, CallContext& context);
  Awaitable<protocol::Result<int>> route_at(const PlanNode& node, const protocol::Payload& message,
                                            CallContext& context);
  /// What the node's unit makes of the message.
  Awaitable<Answer> step(const PlanNode& node, protocol::Method method, protocol::Payload&& message,
                         CallContext& context);
  Awaitable<Answer> observed_step(const PlanNode& node, protocol::Method method,
                                  protocol::Payload message, CallContext& context);
  Awaitable<Answer> aggregate_at(const PlanNode& node, std::vector<protocol::Payload> answers,
                                 CallContext& context);

  const Plan& plan_;
  std::size_t max_decoded_;
};

}  // namespace infergraph::graph
