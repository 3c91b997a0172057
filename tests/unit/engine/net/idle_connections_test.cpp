#include "engine/net/idle_connections.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

namespace infergraph::engine {
namespace {

using std::chrono::seconds;
using Connection = std::unique_ptr<int>;
using Idle = IdleConnections<Connection>;
using Numbers = std::vector<int>;

// A pool with a clock in the hand: sweeps when a timer of the period's would.
class IdleTest : public testing::Test {
 protected:
  void keep(Connection connection) {
    idle_.make_room();
    idle_.keep(std::move(connection));
  }
  void keep_new(int from, int to) {
    for (int i = from; i <= to; ++i) keep(std::make_unique<int>(i));
  }
  // So many calls at a time, each with a connection of its own that it gives back.
  void call(std::size_t at_a_time) {
    std::vector<Connection> busy;
    for (std::size_t i = 0; i < at_a_time; ++i) busy.push_back(idle_.take());
    for (Connection& connection : busy) keep(std::move(connection));
  }
  // Gives those that were closed meanwhile.
  Numbers pass(Clock::duration time) {
    std::vector<Connection> closed;
    for (const auto until = now_ + time; now_ < until; now_ += seconds(1)) {
      if (now_ != Clock::time_point() &&
          now_.time_since_epoch() % Idle::kSweepPeriod == seconds(0)) {
        idle_.sweep(closed);
      }
    }
    return numbers(closed);
  }
  static Numbers numbers(const std::vector<Connection>& connections) {
    Numbers all;
    for (const Connection& connection : connections) all.push_back(*connection);
    return all;
  }
  Numbers kept() const {
    Numbers all;
    for (const Connection& connection : idle_) all.push_back(*connection);
    return all;
  }

  Idle idle_;
  Clock::time_point now_;
};

TEST_F(IdleTest, TheOneUsedLastIsGivenFirst) {
  keep_new(1, 3);
  auto first = idle_.take();
  EXPECT_EQ(*first, 3);
  EXPECT_EQ(*idle_.take(), 2);
  keep(std::move(first));
  EXPECT_EQ(*idle_.take(), 3);
  EXPECT_EQ(idle_.size(), 1);
}

TEST_F(IdleTest, GoesOneToTwoPeriodsAfterItsLastCall) {
  struct {
    const char* what;
    seconds kept_at;
    seconds closed_at;
  } const cases[] = {
      {"just after a sweep", seconds(31), seconds(90)},
      {"just before a sweep", seconds(59), seconds(90)},
      {"with a sweep", seconds(60), seconds(90)},
      {"after the next", seconds(61), seconds(120)},
  };
  for (const auto& row : cases) {
    idle_ = Idle();
    now_ = {};
    EXPECT_EQ(pass(row.kept_at), Numbers{});
    keep_new(1, 1);
    EXPECT_EQ(pass(row.closed_at - row.kept_at), Numbers{}) << row.what;
    EXPECT_EQ(pass(seconds(1)), Numbers{1}) << row.what;
    EXPECT_TRUE(idle_.empty());
  }
}

TEST_F(IdleTest, WhatNobodyNeedsGoes) {
  pass(seconds(31));
  keep_new(1, 5);
  call(5);
  EXPECT_EQ(kept(), (Numbers{5, 4, 3, 2, 1}));
  Numbers closed;
  for (int i = 0; i < 10; ++i) {
    call(2);
    for (const int number : pass(seconds(10))) closed.push_back(number);
  }
  EXPECT_EQ(closed, (Numbers{5, 4, 3})) << "two at a time are needed";
  EXPECT_EQ(idle_.size(), 2);
}

TEST_F(IdleTest, AMomentOfManyIsRememberedForAPeriod) {
  pass(seconds(31));
  keep_new(1, 4);
  pass(seconds(30));  // swept at 60
  call(4);
  call(1);
  EXPECT_EQ(pass(seconds(30)), Numbers{}) << "all four served since";
  EXPECT_EQ(pass(seconds(30)).size(), 4) << "and none since then";
}

TEST_F(IdleTest, OneThatEndsIsTakenOut) {
  pass(seconds(31));
  keep_new(1, 4);
  pass(seconds(30));  // swept at 60: all have lain there from now on
  int* const second = std::next(idle_.begin())->get();
  EXPECT_EQ(*idle_.remove(second), 2);
  int other = 9;
  EXPECT_EQ(idle_.remove(&other), nullptr);
  keep_new(5, 5);
  EXPECT_EQ(*idle_.remove(std::prev(idle_.end())->get()), 5);
  keep_new(6, 6);
  EXPECT_EQ(pass(seconds(30)), (Numbers{1, 3, 4})) << "not the one that came since";
  EXPECT_EQ(kept(), Numbers{6});
}

TEST_F(IdleTest, AllGoWithTheirAddress) {
  keep_new(1, 2);
  pass(seconds(31));
  keep_new(3, 3);
  std::vector<Connection> closed;
  idle_.clear(closed);
  EXPECT_EQ(numbers(closed), (Numbers{1, 2, 3}));
  EXPECT_TRUE(idle_.empty());
  keep_new(4, 4);
  EXPECT_EQ(pass(seconds(30)), Numbers{}) << "the next one has its own time";
}

}  // namespace
}  // namespace infergraph::engine
