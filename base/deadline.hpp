#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <ratio>
#include <type_traits>

#include "base/clock.hpp"

namespace infergraph {

/// `limit` as the clock counts, or the longest or shortest that it counts: milliseconds from
/// outside may be more than its nanoseconds hold.
template <typename Rep, typename Period>
constexpr Clock::duration to_clock(std::chrono::duration<Rep, Period> limit) {
  using Limit = std::chrono::duration<Rep, Period>;
  static_assert(std::is_integral_v<Rep> && std::ratio_greater_equal_v<Period, Clock::period>);
  // Compared as what it is: in common units it would have overflowed already.
  if (limit > std::chrono::duration_cast<Limit>(Clock::duration::max())) {
    return Clock::duration::max();
  }
  if (limit < std::chrono::duration_cast<Limit>(Clock::duration::min())) {
    return Clock::duration::min();
  }
  return limit;
}

/// The same of a limit that there may not be: then it is the longest.
template <typename Rep, typename Period>
constexpr Clock::duration to_clock(std::optional<std::chrono::duration<Rep, Period>> limit) {
  return limit ? to_clock(*limit) : Clock::duration::max();
}

/// When something must have ended, or never. The earlier one is the less, so that of two limits
/// std::min() is the one that holds. Whatever is added, it doesn't overflow. Threads: any.
class Deadline {
 public:
  /// Never.
  constexpr Deadline() = default;
  constexpr explicit Deadline(Clock::time_point at) : at_(at) {}
  /// `limit` from `now` on; never, when the clock doesn't go that far.
  template <typename Rep, typename Period>
  static constexpr Deadline after(Clock::time_point now, std::chrono::duration<Rep, Period> limit) {
    const Clock::duration span = to_clock(limit);
    Clock::rep at = 0;
    if (__builtin_add_overflow(now.time_since_epoch().count(), span.count(), &at)) {
      return span.count() < 0 ? Deadline(Clock::time_point::min()) : Deadline();
    }
    return Deadline(Clock::time_point(Clock::duration(at)));
  }

  constexpr bool is_never() const { return at_ == Clock::time_point::max(); }
  constexpr bool has_passed(Clock::time_point now) const { return at_ <= now; }
  /// What is left of it at `now`: nothing once it has passed; the longest duration for never.
  constexpr Clock::duration left(Clock::time_point now) const {
    if (is_never()) return Clock::duration::max();
    if (has_passed(now)) return Clock::duration::zero();
    Clock::rep left = 0;
    if (__builtin_sub_overflow(at_.time_since_epoch().count(), now.time_since_epoch().count(),
                               &left)) {
      return Clock::duration::max();
    }
    return Clock::duration(left);
  }
  /// Clock::time_point::max() for never.
  constexpr Clock::time_point at() const { return at_; }

  friend constexpr auto operator<=>(const Deadline&, const Deadline&) = default;

 private:
  Clock::time_point at_ = Clock::time_point::max();
};

}  // namespace infergraph
