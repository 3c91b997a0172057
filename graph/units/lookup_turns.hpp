#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.hpp"
#include "base/deadline.hpp"

namespace infergraph::graph {

/// When a model's metadata is asked for, and by whom of those who come: one at a time, and not
/// again before what came of it is old, be it metadata or none. The clock is the caller's.
/// Threads: one.
class LookupTurns {
 public:
  /// A model that is replaced is noticed by an error at once, and without one after this long.
  static constexpr Clock::duration kStale = std::chrono::seconds(10);
  /// A server that doesn't answer is called without what it could have said.
  static constexpr Clock::duration kLongest = std::chrono::seconds(2);

  /// What one does who comes.
  enum class Turn : std::uint8_t {
    kGoOn,  ///< with what is known
    kWait,  ///< for who asks
    kAsk,
  };

  /// Of one who needs the metadata. `knows` whether there is any from before: that does until who
  /// asks is done.
  bool needs(Clock::time_point now, bool knows) const {
    const bool is_due = asked_ == Clock::time_point() || now - asked_ > kStale;
    return is_due && !(knows && is_asking_);
  }
  /// Of one who wants it asked for now; nobody waits for what may come after his deadline.
  Turn turn(Deadline deadline) const {
    if (!is_asking_) return Turn::kAsk;
    return deadline < asking_until_ ? Turn::kGoOn : Turn::kWait;
  }

  /// One asks. Gives until when at the latest.
  Deadline begin(Clock::time_point now, Deadline deadline) {
    is_asking_ = true;
    return asking_until_ = std::min(deadline, Deadline::after(now, kLongest));
  }
  /// What he asked for came, or is known not to come.
  void answered(Clock::time_point now) {
    asked_ = now;
    ++answers_;
  }
  /// He asks no more. Without an answer before, since he went away, it is the next one's turn.
  void end() { is_asking_ = false; }
  /// Whoever waits looks whether it has grown.
  std::uint64_t answers() const { return answers_; }

 private:
  Clock::time_point asked_;  // the epoch: never
  bool is_asking_ = false;
  Deadline asking_until_;
  std::uint64_t answers_ = 0;
};

}  // namespace infergraph::graph
