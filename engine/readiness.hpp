#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/api/ready_state.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/factory.hpp"
#include "graph/server_finder.hpp"
#include "metrics/cells.hpp"

namespace infergraph::engine {

/// Looks at every endpoint that the nodes need: whether it accepts TCP, or answers a health path of
/// its protocol (one that has none, and says so with 404, is up). In the background, so that asking
/// whether the engine is ready opens no connection and never waits: ReadyState has what was seen.
///
/// Threads: that which runs `control`, but for what ReadyState allows.
class Readiness {
 public:
  /// One endpoint, and the nodes that live there.
  struct Target {
    std::shared_ptr<AddressBook> book;
    std::vector<std::string> nodes;
    protocol::Transport transport = protocol::Transport::kRest;  ///< of the health check
    protocol::Protocol protocol = protocol::Protocol::kSeldon;   ///< likewise
    std::string model;                                           ///< likewise, for tensorflow
    bool full_health_check = false;  ///< ask the health path instead of connecting
    /// As ReadyState::Endpoint has it.
    std::vector<std::shared_ptr<const graph::FoundServer>> found;
  };
  struct Options {
    std::chrono::milliseconds timeout{1000};
    std::chrono::milliseconds interval{1000};         ///< while the node is up
    std::chrono::milliseconds interval_missing{100};  ///< while it is missing
  };

  /// `nodes` makes who asks for health; borrowed until this has been made.
  Readiness(IoThread& control, std::vector<Target> targets, Options options,
            const NodeFactory& nodes, metrics::GaugeCell* gauge);
  /// Ends the probes; `control` must not be running.
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// Begins to probe; the probes end with this object.
  void start();

  ReadyState& state() { return state_; }

 private:
  struct HealthCheck;
  struct Probe;

  Awaitable<void> watch(Probe& probe);
  Awaitable<void> look_once(Probe& probe);
  Awaitable<ReadyState::Look> try_look(Probe& probe);
  Awaitable<void> pause(Probe& probe);
  Awaitable<ReadyState::Look> look(Probe& probe);
  Awaitable<ReadyState::Look> connect(Probe& probe, const AddressBook& book);

  IoThread& control_;
  Options options_;
  ReadyState state_;
  std::vector<std::unique_ptr<Probe>> probes_;  // one for each endpoint of state_
  std::size_t watching_ = 0;
  bool ending_ = false;
};

}  // namespace infergraph::engine
