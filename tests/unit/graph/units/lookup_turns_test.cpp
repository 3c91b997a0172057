#include "graph/units/lookup_turns.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace infergraph::graph {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Turn = LookupTurns::Turn;

constexpr Clock::time_point kStart(hours(5));
constexpr bool kKnows = true;

Deadline at(Clock::duration since_start) { return Deadline(kStart + since_start); }

TEST(LookupTurns, AnAnswerIsOldAfterTenSeconds) {
  struct {
    const char* what;
    Clock::duration after;
    bool needs;
  } const cases[] = {
      {"at once", seconds(0), false},       {"soon", seconds(9), false},
      {"just not yet", seconds(10), false}, {"then", seconds(10) + milliseconds(1), true},
      {"much later", hours(24), true},
  };
  for (const auto& row : cases) {
    // Whether it brought metadata or not.
    for (const bool knows : {false, kKnows}) {
      LookupTurns turns;
      EXPECT_TRUE(turns.needs(kStart, false)) << "nobody has asked yet";
      turns.begin(kStart - seconds(1), Deadline());
      turns.answered(kStart);
      turns.end();
      EXPECT_EQ(turns.needs(kStart + row.after, knows), row.needs) << row.what;
    }
  }
}

TEST(LookupTurns, WhoKnowsDoesNotWait) {
  LookupTurns turns;
  turns.begin(kStart, Deadline());
  EXPECT_TRUE(turns.needs(kStart, false));
  EXPECT_FALSE(turns.needs(kStart, kKnows));
  turns.answered(kStart);
  turns.end();
  const auto later = kStart + seconds(11);
  EXPECT_TRUE(turns.needs(later, kKnows)) << "his turn";
  turns.begin(later, Deadline());
  EXPECT_FALSE(turns.needs(later, kKnows)) << "what is known does meanwhile";
}

TEST(LookupTurns, OneAsksAtATimeForTwoSecondsAtMost) {
  struct {
    const char* what;
    Deadline asks_until;
    Deadline until;
    Deadline comes_with;
    Turn turn;
  } const cases[] = {
      {"no limits", Deadline(), at(seconds(2)), Deadline(), Turn::kWait},
      {"a long one", at(seconds(3)), at(seconds(2)), at(seconds(3)), Turn::kWait},
      {"a short one", at(seconds(1)), at(seconds(1)), at(seconds(1)), Turn::kWait},
      {"shorter than it may take", Deadline(), at(seconds(2)), at(milliseconds(1999)), Turn::kGoOn},
      {"long enough for a short one", at(seconds(1)), at(seconds(1)), at(milliseconds(1999)),
       Turn::kWait},
  };
  for (const auto& row : cases) {
    LookupTurns turns;
    EXPECT_EQ(turns.turn(row.comes_with), Turn::kAsk) << row.what;
    EXPECT_EQ(turns.begin(kStart, row.asks_until), row.until) << row.what;
    EXPECT_EQ(turns.turn(row.comes_with), row.turn) << row.what;
    turns.end();
    EXPECT_EQ(turns.turn(row.comes_with), Turn::kAsk) << row.what;
  }
}

TEST(LookupTurns, OneWhoGoesAwayIsNoAnswer) {
  LookupTurns turns;
  turns.begin(kStart, Deadline());
  turns.end();
  EXPECT_EQ(turns.answers(), 0);
  EXPECT_TRUE(turns.needs(kStart, false)) << "the next one's turn";
  turns.begin(kStart, Deadline());
  turns.answered(kStart);
  EXPECT_EQ(turns.answers(), 1);
}

TEST(LookupTurns, ARefusalDoesNotWaitForOldAge) {
  LookupTurns turns;
  turns.begin(kStart, Deadline());
  turns.answered(kStart);
  turns.end();
  EXPECT_FALSE(turns.needs(kStart, kKnows));
  EXPECT_EQ(turns.turn(Deadline()), Turn::kAsk);
}

}  // namespace
}  // namespace infergraph::graph
