#pragma once

#include <span>
#include <string_view>

#include "base/async/cancellation.hpp"
#include "base/caller.hpp"
#include "base/clock.hpp"
#include "base/deadline.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

class WalkObserver;
class WorkPlace;
class Trail;

/// How long at least one node call of a request was in flight: what the request took and this did
/// not is the engine's own time. Threads: only the thread of the request.
class CallTimes {
 public:
  void call_began(Clock::time_point now) {
    if (in_flight_++ == 0) since_ = now;
  }
  void call_ended(Clock::time_point now) {
    if (--in_flight_ == 0) total_ += now - since_;
  }
  Clock::duration total() const { return total_; }

 private:
  int in_flight_ = 0;
  Clock::time_point since_;
  Clock::duration total_{};
};

/// What one request carries through its walk. Everything that it points at is owned by the front
/// and outlives the walk. Parallel children get copies that differ in `cancel`. Threads: only the
/// thread of the request.
struct CallContext {
  std::string_view puid;
  /// End-to-end headers of the caller, without Host and without those that describe the body.
  std::span<const protocol::HeaderField> headers;
  /// When the whole request must have ended.
  Deadline deadline;
  /// How the request came in: nodes that can be called either way are called so.
  protocol::Transport front = protocol::Transport::kRest;
  /// The protocol that the caller speaks.
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  /// What is asked for, of nodes of protocol tensorflow.
  protocol::Operation operation = protocol::Operation::kPredict;
  /// The model that the caller names in the path, for nodes of his protocol: percent-encoded; empty
  /// for the nodes' own. And the version or label that he wants of it: "/versions/3".
  std::string_view model;
  std::string_view model_version;
  /// The request as it came, for what its answer takes over from it when it has to be converted;
  /// null when that is not kept.
  protocol::KeptRequest* request = nullptr;
  /// Signalled when the caller goes away, or a sibling has failed. Never null in a walk.
  CancelScope* cancel = nullptr;
  /// Never null in a walk.
  CallTimes* times = nullptr;
  /// Where work on large messages is done; null: at once, on this thread.
  WorkPlace* work = nullptr;
  /// For the work place; null when nobody knows.
  const Caller* caller = nullptr;
  /// Records routing; null when nobody wants it.
  Trail* trail = nullptr;
  /// Watches every step; null but under `infergraph try`.
  WalkObserver* observer = nullptr;
};

}  // namespace infergraph::graph
