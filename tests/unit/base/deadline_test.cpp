#include "base/deadline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

namespace infergraph {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr Clock::time_point kNow(hours(5));
constexpr Clock::time_point kFirst = Clock::time_point::min();
constexpr Clock::time_point kLast = Clock::time_point::max();
constexpr milliseconds kMostMs(std::numeric_limits<milliseconds::rep>::max());
constexpr milliseconds kLeastMs(std::numeric_limits<milliseconds::rep>::min());

TEST(Deadline, IsALimitFromNowOn) {
  struct {
    Clock::time_point now;
    milliseconds limit;
    Clock::time_point at;
  } const cases[] = {
      {kNow, milliseconds(0), kNow},
      {kNow, milliseconds(1500), kNow + milliseconds(1500)},
      {kNow, milliseconds(-1), kNow - milliseconds(1)},
      {kNow, hours(24 * 365 * 100), kNow + hours(24 * 365 * 100)},
      // In nanoseconds it fits, but not from now on.
      {kNow, milliseconds(9'223'372'036'854), kLast},
      // In nanoseconds it doesn't fit.
      {kNow, milliseconds(9'223'372'036'855), kLast},
      {kNow, kMostMs, kLast},
      {kLast, milliseconds(1), kLast},
      {Clock::time_point(hours(-5)), kLeastMs, kFirst},
      {kFirst, milliseconds(-1), kFirst},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(Deadline::after(row.now, row.limit).at(), row.at) << row.limit.count() << " ms";
  }
}

TEST(Deadline, IsNeverUnlessSomebodySays) {
  EXPECT_TRUE(Deadline().is_never());
  EXPECT_TRUE(Deadline::after(kNow, Clock::duration::max()).is_never());
  EXPECT_FALSE(Deadline(kNow).is_never());
}

TEST(Deadline, TellsWhatIsLeft) {
  constexpr auto kAll = Clock::duration::max();
  struct {
    const char* what;
    Deadline deadline;
    Clock::time_point now;
    bool has_passed;
    Clock::duration left;
  } const cases[] = {
      {"to come", Deadline(kNow + seconds(2)), kNow, false, seconds(2)},
      {"just before", Deadline(kNow), kNow - nanoseconds(1), false, nanoseconds(1)},
      {"now", Deadline(kNow), kNow, true, nanoseconds(0)},
      {"past", Deadline(kNow), kNow + seconds(2), true, nanoseconds(0)},
      {"never", Deadline(), kNow, false, kAll},
      {"never, before the epoch", Deadline(), kFirst, false, kAll},
      {"too far away to tell", Deadline(kNow), kFirst, false, kAll},
      {"long past", Deadline(kFirst), kNow, true, nanoseconds(0)},
  };
  for (const auto& row : cases) {
    EXPECT_EQ(row.deadline.has_passed(row.now), row.has_passed) << row.what;
    EXPECT_EQ(row.deadline.left(row.now), row.left) << row.what;
  }
}

TEST(Deadline, TheEarlierOneHolds) {
  const Deadline soon(kNow);
  const Deadline later(kNow + seconds(1));
  EXPECT_EQ(std::min(soon, later), soon);
  EXPECT_EQ(std::min(Deadline(), later), later);
  EXPECT_LT(soon, Deadline());
}

TEST(Deadline, LimitsBecomeTheClocks) {
  EXPECT_EQ(to_clock(milliseconds(3)), milliseconds(3));
  EXPECT_EQ(to_clock(kMostMs), Clock::duration::max());
  EXPECT_EQ(to_clock(kLeastMs), Clock::duration::min());
  EXPECT_EQ(to_clock(Clock::duration::max()), Clock::duration::max());
  EXPECT_EQ(to_clock(std::optional(milliseconds(3))), milliseconds(3));
  EXPECT_TRUE(Deadline::after(kNow, to_clock(std::optional<milliseconds>())).is_never());
}

}  // namespace
}  // namespace infergraph
