#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/grpc_channels.hpp"
#include "engine/node/rest.hpp"
#include "graph/server_finder.hpp"
#include "metrics/cells.hpp"

namespace infergraph::engine {

/// Whether the engine may be sent requests: every node with an endpoint accepts TCP, or answers a
/// health path of its protocol (one that has none, and says so with 404, is up). What the engine
/// can't find out for want of descriptors or memory changes nothing. Probed in the background, so
/// that asking opens no connection and never waits.
///
/// Threads: ready() and report() from any; the rest from the thread that runs `control`.
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
    /// Of nodes[i] where it is the proxy of a model server: once that is called itself, the proxy
    /// isn't needed. Null for all others.
    std::vector<std::shared_ptr<const graph::FoundServer>> found;
  };
  struct Options {
    std::chrono::milliseconds timeout{1000};
    std::chrono::milliseconds interval{1000};         ///< while the node is up
    std::chrono::milliseconds interval_missing{100};  ///< while it is missing
  };

  /// `transport` is asked for health over gRPC.
  Readiness(IoThread& control, std::vector<Target> targets, Options options,
            GrpcTransport& transport, metrics::GaugeCell* gauge);
  /// Ends the probes; `control` must not be running.
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// Begins to probe; the probes end with this object.
  void start();
  /// Not ready any more, for good: the process is about to stop.
  void stop_serving();

  /// What Target::found points to has changed.
  void found_changed();

  /// Called with every change of ready() from now on, and once at once. Before start().
  void on_change(std::function<void(bool ready)> told);

  bool ready() const { return ready_.load(std::memory_order_acquire); }
  /// Why not, as seldon status JSON with the missing nodes by name; for people.
  std::string report() const;

 private:
  struct Health;
  struct Probe;

  Awaitable<void> watch(Probe& probe);
  Awaitable<void> look_once(Probe& probe);
  Awaitable<std::string> try_look(Probe& probe);
  Awaitable<void> pause(Probe& probe);
  Awaitable<std::string> look(Probe& probe);
  Awaitable<std::string> connect(Probe& probe, const AddressBook& book);
  static bool is_needed(const Target& target, std::size_t node);
  static bool is_needed(const Target& target);
  void count(Probe& probe);
  void update();

  IoThread& control_;
  Options options_;
  metrics::GaugeCell* gauge_;
  std::vector<std::unique_ptr<Probe>> probes_;
  std::size_t missing_ = 0;
  std::size_t watching_ = 0;
  bool ending_ = false;
  bool stopping_ = false;
  std::function<void(bool ready)> told_;
  std::atomic<bool> ready_{false};
  mutable std::mutex mutex_;  // guards every Probe::error
};

}  // namespace infergraph::engine
