#include "engine/net/spare_descriptors.hpp"

#include <gtest/gtest.h>

namespace infergraph::engine {
namespace {

TEST(SpareDescriptors, AreGivenUpOneByOneAndTakenBack) {
  SpareDescriptors spares(2);
  EXPECT_EQ(spares.left(), 2);
  EXPECT_TRUE(spares.give_up_one());
  EXPECT_TRUE(spares.give_up_one());
  EXPECT_FALSE(spares.give_up_one());
  spares.refill();
  EXPECT_EQ(spares.left(), 2);
}

}  // namespace
}  // namespace infergraph::engine
