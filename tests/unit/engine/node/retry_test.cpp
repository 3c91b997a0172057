#include "engine/node/retry.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <string>

namespace infergraph::engine {

void PrintTo(Repeat repeat, std::ostream* out) {
  constexpr std::array kNames{"no", "elsewhere", "on a fresh connection"};
  *out << kNames.at(static_cast<std::size_t>(repeat));
}

namespace {

using protocol::Method;

constexpr bool kStale = true;
constexpr bool kAgain = true;

TEST(Retry, SaysWhatMayBeRepeated) {
  struct {
    const char* what;
    FailedTry failed;
    Repeat then;
  } const cases[] = {
      {"no connection, other addresses",
       {Method::kPredict, Reached::kNoConnection, false, false, 1},
       Repeat::kElsewhere},
      {"no connection, feedback too",
       {Method::kSendFeedback, Reached::kNoConnection, false, false, 1},
       Repeat::kElsewhere},
      {"no connection, after one was lost",
       {Method::kPredict, Reached::kNoConnection, kStale, kAgain, 2},
       Repeat::kElsewhere},
      {"no connection, no other address",
       {Method::kPredict, Reached::kNoConnection, kStale, false, 0},
       Repeat::kNo},
      {"closed while idle",
       {Method::kPredict, Reached::kPerhapsServed, kStale},
       Repeat::kOnFreshConnection},
      {"closed while idle, the only address doesn't matter",
       {Method::kPredict, Reached::kPerhapsServed, kStale, false, 0},
       Repeat::kOnFreshConnection},
      {"lost twice", {Method::kPredict, Reached::kPerhapsServed, kStale, kAgain, 3}, Repeat::kNo},
      {"a fresh connection is lost", {Method::kPredict, Reached::kPerhapsServed}, Repeat::kNo},
      {"feedback may have counted",
       {Method::kSendFeedback, Reached::kPerhapsServed, kStale},
       Repeat::kNo},
      {"feedback surely hasn't",
       {Method::kSendFeedback, Reached::kNotServed, kStale},
       Repeat::kOnFreshConnection},
      {"feedback surely hasn't, twice",
       {Method::kSendFeedback, Reached::kNotServed, kStale, kAgain},
       Repeat::kNo},
      {"not served by a fresh connection", {Method::kPredict, Reached::kNotServed}, Repeat::kNo},
      {"half an answer", {Method::kPredict, Reached::kAnswering, kStale, false, 3}, Repeat::kNo},
  };
  for (const auto& row : cases) EXPECT_EQ(repeat_after(row.failed), row.then) << row.what;
}

TEST(Retry, AllMethodsButFeedbackMayBeServedTwice) {
  for (int i = 0; i < protocol::kMethodCount; ++i) {
    const auto method = static_cast<Method>(i);
    const bool is_feedback = method == Method::kSendFeedback;
    EXPECT_EQ(may_be_served_twice(method), !is_feedback) << i;
    EXPECT_EQ(repeat_after({method, Reached::kPerhapsServed, kStale}),
              is_feedback ? Repeat::kNo : Repeat::kOnFreshConnection)
        << i;
    EXPECT_EQ(must_be_seen_alive(method, kStale), is_feedback) << i;
    EXPECT_FALSE(must_be_seen_alive(method, false)) << i;
  }
}

}  // namespace
}  // namespace infergraph::engine
