#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "graph/server_finder.hpp"
#include "metrics/cells.hpp"

namespace infergraph::engine {

/// Whether the engine may be sent requests: every endpoint that its nodes need is up. Told what
/// each look at an endpoint brought, it decides; who looks is another's matter.
///
/// Threads: ready() and report() from any; the rest from one.
class ReadyState {
 public:
  /// Where nodes live that are looked at together.
  struct Endpoint {
    std::string host;                ///< "host:port", for people
    std::vector<std::string> nodes;  ///< at least one
    /// Of nodes[i] where it is the proxy of a model server: once that is called itself, the proxy
    /// isn't needed. Null for all others.
    std::vector<std::shared_ptr<const graph::FoundServer>> found = {};
  };
  /// How soon an endpoint is looked at again.
  struct Pace {
    std::chrono::milliseconds up{1000};
    std::chrono::milliseconds missing{100};
  };
  /// What a look at an endpoint brought.
  struct Look {
    std::string error;       ///< empty: it is up
    bool exhausted = false;  ///< with an error: we could not look, for want of our own
  };
  /// What of it is worth a line of the log.
  enum class News : std::uint8_t { kNone, kUp, kMissing, kExhausted };

  /// Of no endpoints: ready until the process stops.
  ReadyState() : ReadyState({}, {}, nullptr) {}
  /// All endpoints are missing until they have been looked at. `gauge` shows ready(); null for
  /// none.
  ReadyState(std::vector<Endpoint> endpoints, Pace pace, metrics::GaugeCell* gauge);

  /// What a look at endpoint `index` brought. One for which we were exhausted tells nothing of the
  /// node, and leaves it as it was.
  News take(std::size_t index, Look look);
  /// What Endpoint::found points to has changed.
  void found_changed();
  /// Not ready any more, for good: the process is about to stop.
  void stop_serving();
  /// Called with every change of ready() from now on, and once at once.
  void on_change(std::function<void(bool ready)> told);

  /// When endpoint `index`, just looked at, is to be looked at again.
  Clock::time_point next_look(std::size_t index, Clock::time_point now) const;

  bool ready() const { return ready_.load(std::memory_order_acquire); }
  /// Why not, as seldon status JSON with the missing nodes by name; for people.
  std::string report() const;

 private:
  struct Watched {
    Endpoint endpoint;
    bool looked = false;          // at least once
    bool missing = true;          // counted in missing_
    bool told_exhausted = false;  // since the last look that wasn't
    std::string error = "not probed yet";
  };

  static bool is_needed(const Endpoint& endpoint, std::size_t node);
  static bool is_needed(const Endpoint& endpoint);
  void count(Watched& watched);
  void update();

  Pace pace_;
  metrics::GaugeCell* gauge_;
  std::vector<Watched> watched_;
  std::size_t missing_;
  bool stopping_ = false;
  std::function<void(bool ready)> told_;
  std::atomic<bool> ready_{false};
  mutable std::mutex mutex_;  // guards every Watched::error
};

}  // namespace infergraph::engine
