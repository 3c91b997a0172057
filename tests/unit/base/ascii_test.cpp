#include "base/ascii.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <memory>
#include <string>

namespace infergraph {
namespace {

TEST(SameName, IgnoresCaseOfLettersAlone) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const bool same = a == b || (a < 128 && b < 128 && std::tolower(a) == std::tolower(b));
      const std::string left{'x', static_cast<char>(a)};
      const std::string right{'X', static_cast<char>(b)};
      EXPECT_EQ(same_name(left, right), same) << a << " " << b;
    }
  }
  EXPECT_TRUE(same_name("", ""));
  EXPECT_FALSE(same_name("a", "ab"));
}

// Under ASan: nothing behind the texts is looked at.
TEST(SameName, StaysWithinItsTexts) {
  const auto exact = std::make_unique<char[]>(4);
  std::string("Host").copy(exact.get(), 4);
  EXPECT_TRUE(same_name({exact.get(), 4}, "host"));
  EXPECT_FALSE(same_name({exact.get(), 4}, "hose"));
}

}  // namespace
}  // namespace infergraph
