#include "engine/net/under_way.hpp"

#include <gtest/gtest.h>

namespace infergraph::engine {
namespace {

TEST(UnderWay, TellsTheMostFrequentFirst) {
  UnderWay under_way;
  EXPECT_EQ(under_way.total(), 0);
  EXPECT_EQ(under_way.text(), "");
  under_way.add("/live");
  under_way.add("/predict", 2);
  under_way.add("/predict", 10);
  EXPECT_EQ(under_way.total(), 13);
  EXPECT_EQ(under_way.text(), "/predict: 12, /live: 1");
}

TEST(UnderWay, StaysShort) {
  UnderWay under_way;
  for (int i = 0; i < 50; ++i) under_way.add(std::to_string(i) + std::string(1000, 'x'));
  EXPECT_EQ(under_way.total(), 50);
  EXPECT_LT(under_way.text().size(), 1100U);
}

}  // namespace
}  // namespace infergraph::engine
