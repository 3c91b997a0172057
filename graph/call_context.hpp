#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

#include "graph/cancellation.hpp"
#include "protocol/payload.hpp"

namespace infergraph::graph {

using Clock = std::chrono::steady_clock;

class WalkObserver;
class Trail;

/// What one request carries through its walk. One per request, owned by the front, and alive until
/// the walk has ended. Threads: only the thread of the request.
struct CallContext {
  std::string_view puid;
  /// End-to-end headers of the caller, already rid of hop-by-hop ones, Host and the puid.
  std::span<const protocol::HeaderField> headers;
  /// When the whole request must have ended; max() when there is no limit.
  Clock::time_point deadline = Clock::time_point::max();
  /// Signalled when the caller goes away.
  CancelScope* cancel = nullptr;
  /// Records routing; null when nobody wants it.
  Trail* trail = nullptr;
  /// Watches every step; null but under `infergraph try`.
  WalkObserver* observer = nullptr;
  /// Time that at least one node call was in flight, kept by the remote unit.
  int calls_in_flight = 0;
  Clock::time_point in_flight_since{};
  Clock::duration in_flight_time{};
};

}  // namespace infergraph::graph
