#include "engine/work/budget.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace infergraph::engine {
namespace {

TEST(WorkBudget, GivesNoMoreThanItHas) {
  WorkBudget budget(100);
  EXPECT_TRUE(budget.take(60));
  EXPECT_FALSE(budget.take(41));
  EXPECT_EQ(budget.taken(), 60U) << "what was refused is not taken";
  EXPECT_TRUE(budget.take(40));
  EXPECT_FALSE(budget.take(1));
  budget.give(100);
  EXPECT_EQ(budget.taken(), 0U);
}

TEST(WorkBudget, SizesBeyondAllBoundsDoNotWrap) {
  WorkBudget budget(100);
  EXPECT_TRUE(budget.take(1));
  EXPECT_FALSE(budget.take(std::numeric_limits<std::size_t>::max()));
  EXPECT_FALSE(budget.take(std::numeric_limits<std::size_t>::max() - 1));
  EXPECT_EQ(budget.taken(), 1U);
}

TEST(WorkCharge, IsGivenBackHoweverItEnds) {
  const auto budget = std::make_shared<WorkBudget>(100);
  {
    WorkCharge charge(budget);
    EXPECT_TRUE(charge.grow(30));
    EXPECT_TRUE(charge.grow(70));
    EXPECT_FALSE(charge.grow(1));
    charge.shrink(10);
    EXPECT_EQ(budget->taken(), 10U);
    charge.shrink(50);
    EXPECT_EQ(budget->taken(), 10U) << "it never grows that way";
    const WorkCharge moved(std::move(charge));
    EXPECT_EQ(moved.bytes(), 10U);
    EXPECT_EQ(budget->taken(), 10U);
  }
  EXPECT_EQ(budget->taken(), 0U);
}

}  // namespace
}  // namespace infergraph::engine
