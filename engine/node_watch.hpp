#pragma once

#include <map>
#include <memory>

#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/factory.hpp"
#include "engine/readiness.hpp"
#include "engine/served_graph.hpp"
#include "engine/server_watch.hpp"
#include "metrics/cells.hpp"

namespace infergraph::engine {

/// Looks after the nodes in the background: whether they are there, and which of the ways to a
/// model server is the right one.
///
/// Threads: that which runs `control`, but for what ReadyState and FoundServer allow.
class NodeWatch {
 public:
  /// `full_health_checks` and `gauge` as Readiness has them.
  NodeWatch(IoThread& control, const ServedGraph& graph, bool full_health_checks,
            Resolver& resolver, GrpcTransport& transport, metrics::GaugeCell* gauge);

  /// Begins to look; that ends with this object, which `control` must not be running for.
  void start();

  ReadyState& ready() { return readiness_->state(); }
  /// Of a node whose server is looked for: whether it has answered, and under which name.
  std::shared_ptr<graph::FoundServer> found(const graph::NodeSpec& node) const {
    return found_.at(&node);
  }

 private:
  std::map<const graph::NodeSpec*, std::shared_ptr<graph::FoundServer>> found_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<ServerWatch> server_watch_;  // tells readiness_
};

}  // namespace infergraph::engine
