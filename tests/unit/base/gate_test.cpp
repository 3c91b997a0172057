#include "base/gate.hpp"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace infergraph {
namespace {

constexpr Clock::time_point kPast{};
constexpr auto kLong = std::chrono::seconds(60);

TEST(Gate, CountsWhatIsInFlight) {
  Gate gate;
  EXPECT_EQ(gate.in_flight(), 0);
  gate.enter();
  gate.enter();
  EXPECT_EQ(gate.in_flight(), 2);
  gate.leave();
  EXPECT_EQ(gate.in_flight(), 1);
  gate.leave();
  EXPECT_EQ(gate.in_flight(), 0);
}

TEST(Gate, NobodyWaitsForNothing) {
  Gate gate;
  EXPECT_TRUE(gate.wait_until(kPast));
  gate.wait();
}

TEST(Gate, AWaitEndsAtItsLimit) {
  Gate gate;
  gate.enter();
  EXPECT_FALSE(gate.wait_until(kPast));
  gate.leave();
  EXPECT_TRUE(gate.wait_until(kPast));
}

TEST(Gate, CountsOnWhileItIsWatched) {
  Gate gate;
  EXPECT_TRUE(gate.wait_until(kPast));
  gate.enter();
  gate.enter();
  EXPECT_EQ(gate.in_flight(), 2);
  gate.leave();
  EXPECT_FALSE(gate.wait_until(kPast));
  gate.leave();
  EXPECT_EQ(gate.in_flight(), 0);
}

TEST(Gate, TheLastToLeaveWakesWhoWaits) {
  Gate gate;
  gate.enter();
  gate.enter();
  auto waited =
      std::async(std::launch::async, [&] { return gate.wait_until(Clock::now() + kLong); });
  gate.leave();
  gate.leave();
  EXPECT_TRUE(waited.get());
}

// Who leaves touches nothing any more that the woken one may destroy.
TEST(Gate, MayGoAsSoonAsAWaitIsOver) {
  for (int round = 0; round < 200; ++round) {
    auto gate = std::make_unique<Gate>();
    std::vector<std::thread> leaving;
    for (int i = 0; i < 4; ++i) gate->enter();
    for (int i = 0; i < 4; ++i) leaving.emplace_back([&held = *gate] { held.leave(); });
    gate->wait();
    gate.reset();
    for (std::thread& thread : leaving) thread.join();
  }
}

}  // namespace
}  // namespace infergraph
