#include "engine/net/address_choice.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace infergraph::engine {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr bool kTried = true;
constexpr bool kAvoided = true;

std::vector<std::size_t> choices(AddressChoice& choice, const std::vector<AddressRank>& ranks,
                                 int times) {
  std::vector<std::size_t> made;
  for (int i = 0; i < times; ++i) {
    made.push_back(choice.next(ranks.size(), [&](std::size_t at) { return ranks[at]; }));
  }
  return made;
}

TEST(AddressChoice, TakesTheBestInTurnAmongEquals) {
  struct {
    const char* what;
    std::vector<AddressRank> ranks;
    std::vector<std::size_t> chosen;
  } const cases[] = {
      {"the only one", {{}}, {0, 0, 0}},
      {"the only one, however it is", {{kTried, kAvoided, 9}}, {0, 0}},
      {"in turn", {{}, {}, {}}, {0, 1, 2, 0}},
      {"the fewest calls", {{.calls = 2}, {.calls = 1}, {.calls = 2}}, {1, 1}},
      {"in turn among those", {{.calls = 1}, {.calls = 0}, {.calls = 0}}, {1, 2, 1}},
      {"rather busy than avoided", {{.avoided = true}, {.calls = 9}}, {1, 1}},
      {"rather avoided than tried", {{.tried = true}, {false, kAvoided, 9}}, {1, 1}},
      {"all avoided: in turn again", {{false, kAvoided}, {false, kAvoided}}, {0, 1, 0}},
      {"all tried: the one that isn't avoided", {{kTried, kAvoided}, {kTried}}, {1, 1}},
  };
  for (const auto& row : cases) {
    AddressChoice choice;
    EXPECT_EQ(choices(choice, row.ranks, static_cast<int>(row.chosen.size())), row.chosen)
        << row.what;
  }
}

TEST(AddressChoice, GoesOnWhenThereAreFewer) {
  AddressChoice choice;
  EXPECT_EQ(choices(choice, {{}, {}, {}, {}}, 3), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(choices(choice, {{}, {}}, 2), (std::vector<std::size_t>{1, 0}));
}

TEST(AddressChoice, AsksAboutEachOfSeveralOnce) {
  AddressChoice choice;
  int asked = 0;
  const auto rank_of = [&asked](std::size_t) {
    ++asked;
    return AddressRank{};
  };
  choice.next(1, rank_of);
  EXPECT_EQ(asked, 0);
  choice.next(3, rank_of);
  EXPECT_EQ(asked, 3);
}

class Avoidance : public testing::Test {
 protected:
  bool is_avoided(Clock::time_point until) {
    return until > choice_.time([this] {
      ++read_;
      return now_;
    });
  }

  AddressChoice choice_;
  Clock::time_point now_{hours(5)};
  int read_ = 0;
};

TEST_F(Avoidance, LastsASecond) {
  const auto until = choice_.avoid(now_);
  EXPECT_TRUE(is_avoided(until));
  now_ += milliseconds(999);
  EXPECT_TRUE(is_avoided(until));
  now_ += milliseconds(1);
  EXPECT_FALSE(is_avoided(until));
  EXPECT_FALSE(is_avoided(until));
}

TEST_F(Avoidance, TheClockIsReadWhileOneIsAvoided) {
  EXPECT_FALSE(is_avoided({}));
  EXPECT_EQ(read_, 0);
  const auto first = choice_.avoid(now_);
  now_ += milliseconds(500);
  const auto second = choice_.avoid(now_);
  now_ += milliseconds(600);
  EXPECT_FALSE(is_avoided(first));
  EXPECT_TRUE(is_avoided(second)) << "the latest counts";
  EXPECT_EQ(read_, 2);
  now_ += milliseconds(400);
  EXPECT_FALSE(is_avoided(second));
  EXPECT_EQ(read_, 3);
  EXPECT_FALSE(is_avoided(second));
  EXPECT_EQ(read_, 3) << "none is left";
}

}  // namespace
}  // namespace infergraph::engine
