#pragma once

#include <chrono>
#include <compare>
#include <cstddef>

#include "base/clock.hpp"

namespace infergraph::engine {

/// How an address stands with a call that looks for one; the less, the better.
struct AddressRank {
  bool tried = false;    ///< by the same call
  bool avoided = false;  ///< it can't be connected, as far as is known
  int calls = 0;         ///< under way

  friend auto operator<=>(const AddressRank&, const AddressRank&) = default;
};

/// Which of a node's addresses a call goes to, in every transport: the one that stands best, in
/// turn among equals. One that couldn't be connected is passed over for a while, until none is
/// better. The clock is the caller's. Threads: one.
class AddressChoice {
 public:
  static constexpr Clock::duration kAvoidFor = std::chrono::seconds(1);

  /// An index below `count`, which isn't 0. `rank_of` is asked once about each of several
  /// addresses, and never about the only one.
  template <typename RankOf>
  std::size_t next(std::size_t count, const RankOf& rank_of) {
    if (count == 1) return 0;
    std::size_t best = next_ % count;
    AddressRank best_rank = rank_of(best);
    for (std::size_t step = 1; step < count; ++step) {
      const std::size_t at = (next_ + step) % count;
      const AddressRank rank = rank_of(at);
      if (rank < best_rank) {
        best = at;
        best_rank = rank;
      }
    }
    next_ = best + 1;
    return best;
  }

  /// One couldn't be connected at `now`: until when it is avoided.
  Clock::time_point avoid(Clock::time_point now) { return avoided_until_ = now + kAvoidFor; }

  /// What to hold those moments against: an address is avoided until later than this. `now` reads
  /// the clock, which is spared while none is avoided.
  template <typename Now>
  Clock::time_point time(const Now& now) {
    if (avoided_until_ == Clock::time_point()) return Clock::time_point::max();
    const Clock::time_point read = now();
    if (avoided_until_ <= read) avoided_until_ = {};
    return read;
  }

 private:
  std::size_t next_ = 0;
  Clock::time_point avoided_until_;  // the latest of all; the epoch: none is avoided
};

}  // namespace infergraph::engine
