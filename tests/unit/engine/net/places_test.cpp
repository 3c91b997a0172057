#include "engine/net/places.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace infergraph::engine {
namespace {

TEST(Places, CallersThenTheReserveThenNobody) {
  Places places({.callers = 2, .reserve = 1, .lingering = 1});
  std::vector<Place> taken;
  for (int i = 0; i < 3; ++i) taken.push_back(places.take());
  EXPECT_FALSE(taken[0].is_reserve());
  EXPECT_FALSE(taken[1].is_reserve());
  EXPECT_TRUE(taken[2].is_reserve());
  EXPECT_FALSE(places.take());
  EXPECT_EQ(places.taken(), 3);
  taken.erase(taken.begin());
  const Place again = places.take();
  EXPECT_TRUE(again);
  EXPECT_FALSE(again.is_reserve());
}

TEST(Places, WhoGetsASpareDescriptorHasAPlaceForOneAnswerOnly) {
  Places places({.callers = 5, .reserve = 1, .lingering = 1});
  const Place spare = places.take_spare();
  EXPECT_TRUE(spare.is_reserve());
  EXPECT_TRUE(spare.is_spare());
  EXPECT_FALSE(places.take_spare());
  EXPECT_FALSE(places.take().is_spare());
  EXPECT_EQ(places.taken(), 1);
}

TEST(Places, WhoLingersGivesHisPlaceUp) {
  Places places({.callers = 1, .reserve = 0, .lingering = 1});
  Place first = places.take();
  EXPECT_FALSE(places.take());
  EXPECT_TRUE(first.linger());
  Place second = places.take();
  EXPECT_TRUE(second);
  // Too many linger: he keeps his place until he ends.
  EXPECT_FALSE(second.linger());
  EXPECT_FALSE(places.take());
  EXPECT_EQ(places.taken(), 2);
  first = Place();
  EXPECT_TRUE(second.linger());
  EXPECT_EQ(places.taken(), 1);
}

TEST(Places, AnEmptyPlaceCountsNowhere) {
  Place none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.is_reserve());
  EXPECT_TRUE(none.linger());
}

}  // namespace
}  // namespace infergraph::engine
