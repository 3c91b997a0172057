#include "engine/net/grace.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "engine/net/drain_limits.hpp"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class GraceTest : public testing::Test {
 protected:
  // What it says so long after its beginning.
  static bool over(Grace& grace, milliseconds after, int in_flight) {
    return grace.over(kBegin + after, in_flight);
  }

  static constexpr Clock::time_point kBegin{};
};

TEST_F(GraceTest, WithoutSilenceItIsOverWhenNothingIsInFlight) {
  Grace grace(kBegin, seconds(10), {});
  EXPECT_FALSE(over(grace, milliseconds(0), 2));
  EXPECT_FALSE(over(grace, milliseconds(5), 1));
  EXPECT_TRUE(over(grace, milliseconds(6), 0));
}

TEST_F(GraceTest, NothingInFlightFromTheFirstIsNoReasonToWait) {
  Grace grace(kBegin, seconds(10), {});
  EXPECT_TRUE(over(grace, milliseconds(0), 0));
}

TEST_F(GraceTest, TheLimitEndsItWhateverIsInFlight) {
  Grace grace(kBegin, seconds(10), {});
  EXPECT_EQ(grace.end(), kBegin + seconds(10));
  EXPECT_FALSE(over(grace, milliseconds(9999), 1));
  EXPECT_TRUE(over(grace, seconds(10), 1));
}

TEST_F(GraceTest, NoTimeAtAllIsOverAtOnce) {
  Grace grace(kBegin, {}, milliseconds(300));
  EXPECT_TRUE(over(grace, milliseconds(0), 3));
}

TEST_F(GraceTest, SilenceCountsFromTheLastThatWasInFlight) {
  Grace grace(kBegin, seconds(10), milliseconds(300));
  EXPECT_FALSE(over(grace, milliseconds(0), 0));
  EXPECT_FALSE(over(grace, milliseconds(299), 0));
  EXPECT_FALSE(over(grace, milliseconds(300), 1)) << "one came in the last moment";
  EXPECT_FALSE(over(grace, milliseconds(599), 0));
  EXPECT_TRUE(over(grace, milliseconds(600), 0));
}

TEST_F(GraceTest, TheLimitEndsSilenceToo) {
  Grace grace(kBegin, milliseconds(100), milliseconds(300));
  EXPECT_FALSE(over(grace, milliseconds(99), 0));
  EXPECT_TRUE(over(grace, milliseconds(100), 0));
}

TEST(DrainLimits, ABalancerGetsItsTimeWhateverTheDelay) {
  EXPECT_EQ(DrainLimits::wind_down(milliseconds(0)), DrainLimits::kLeastWindDown);
  EXPECT_EQ(DrainLimits::wind_down(seconds(3)), seconds(3));
}

}  // namespace
}  // namespace infergraph::engine
