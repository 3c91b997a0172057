#include "base/saturated.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace infergraph {
namespace {

TEST(Saturated, KeepsWhatFitsAndTakesTheNearestOfWhatDoesNot) {
  EXPECT_EQ(saturated<int>(std::size_t{0}), 0);
  EXPECT_EQ(saturated<int>(std::size_t{2147483647}), 2147483647);
  EXPECT_EQ(saturated<int>(std::size_t{2147483648}), 2147483647);
  EXPECT_EQ(saturated<int>(std::size_t{4} << 30), 2147483647);
  EXPECT_EQ(saturated<int>(SIZE_MAX), 2147483647);
  EXPECT_EQ(saturated<int>(INT64_MIN), INT32_MIN);
  EXPECT_EQ(saturated<int>(std::int64_t{-5}), -5);
  EXPECT_EQ(saturated<std::uint32_t>(std::size_t{4} << 30), UINT32_MAX);
  EXPECT_EQ(saturated<std::uint32_t>((std::size_t{4} << 30) + 64), UINT32_MAX);
  EXPECT_EQ(saturated<std::uint32_t>(-1), 0U);
  EXPECT_EQ(saturated<std::uint16_t>(65536), 65535);
}

}  // namespace
}  // namespace infergraph
