#include "engine/api/puid.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace infergraph::engine {
namespace {

TEST(PuidSource, MakesUuidsOfVersion4) {
  PuidSource source;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string puid(source.next());
    EXPECT_THAT(
        puid, ::testing::MatchesRegex("[0-9a-f]+-[0-9a-f]+-4[0-9a-f]+-[89ab][0-9a-f]+-[0-9a-f]+"));
    ASSERT_EQ(puid.size(), 36U);
    for (const std::size_t dash : {8, 13, 18, 23}) EXPECT_EQ(puid[dash], '-');
    EXPECT_TRUE(seen.insert(puid).second);
  }
}

TEST(PuidSource, TwoSourcesDiffer) {
  PuidSource one;
  PuidSource other;
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace infergraph::engine
