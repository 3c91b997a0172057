#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "graph/call_context.hpp"
#include "graph/plan.hpp"
#include "graph/walker.hpp"
#include "protocol/limits.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// The one entry for all fronts: walks the plan.
///
/// Threads: one for each I/O thread. Outlives its requests.
/// Errors: as the walker's. Cancellation: through context.cancel.
class Predictor {
 public:
  struct Options {
    std::size_t max_decoded = protocol::kMaxBody;  ///< bytes that a gzip body may unpack to
    /// SELDON_ENABLE_ROUTING_INJECTION: the answer's `meta`, if it has one, gets the routing taken.
    bool inject_routing = false;
  };

  Predictor(std::shared_ptr<const graph::Plan> plan, Options options)
      : plan_(std::move(plan)), options_(options), walker_(*plan_, options.max_decoded) {}

  /// True for a graph of one node.
  std::size_t node_count() const { return plan_->nodes().size(); }
  bool is_single() const { return plan_->nodes().size() == 1; }
  /// The name of the root node.
  std::string_view root() const { return plan_->root().name; }
  bool has_node(std::string_view name) const { return plan_->find(name) != nullptr; }

  Awaitable<protocol::Result<protocol::Payload>> predict(protocol::Payload message,
                                                         graph::CallContext& context);
  Awaitable<protocol::Result<protocol::Payload>> feedback(protocol::Payload body,
                                                          graph::CallContext& context);
  /// Status or metadata of one node; in a graph of one node any name is that one, under which it is
  /// asked (context.model). `request` is the caller's, if his protocol has one.
  Awaitable<protocol::Result<protocol::Payload>> ask(protocol::Method method, std::string_view node,
                                                     protocol::Payload request,
                                                     graph::CallContext& context);
  Awaitable<protocol::Result<protocol::Payload>> graph_metadata(graph::CallContext& context);

 private:
  Awaitable<protocol::Result<protocol::Payload>> predict_with_routing(protocol::Payload message,
                                                                      graph::CallContext& context);

  std::shared_ptr<const graph::Plan> plan_;
  Options options_;
  graph::Walker walker_;
};

}  // namespace infergraph::engine
