#pragma once

#include "base/clock.hpp"
#include "base/deadline.hpp"

namespace infergraph::engine {

/// Decides when a front that drains has waited long enough for what is under way: once nothing has
/// been in flight for as long as `silence`, and when the limit is reached whatever is. Threads:
/// none of its own; who waits tells it what he sees.
class Grace {
 public:
  Grace(Clock::time_point now, Clock::duration limit, Clock::duration silence)
      : end_(Deadline::after(now, limit)), silence_(silence), quiet_since_(now) {}

  /// Whether it is over, now that so much is in flight.
  bool over(Clock::time_point now, int in_flight) {
    if (in_flight > 0) quiet_since_ = now;
    return end_.has_passed(now) || (in_flight == 0 && now - quiet_since_ >= silence_);
  }

  /// When it is over at the latest.
  Clock::time_point end() const { return end_.at(); }

 private:
  Deadline end_;
  Clock::duration silence_;
  Clock::time_point quiet_since_;
};

}  // namespace infergraph::engine
