#include "base/duration.hpp"

#include <gtest/gtest.h>

namespace infergraph {
namespace {

using std::chrono::milliseconds;

TEST(Duration, ReadsWhatGoReads) {
  const std::pair<std::string_view, long long> cases[] = {{"0", 0},
                                                          {"+0", 0},
                                                          {"-0", 0},
                                                          {"0s", 0},
                                                          {"15s", 15'000},
                                                          {"2m", 120'000},
                                                          {"1500ms", 1'500},
                                                          {"1h2m3.5s", 3'723'500},
                                                          {"1.1s", 1'100},
                                                          {".5s", 500},
                                                          {"1.s", 1'000},
                                                          {"-5s", -5'000},
                                                          {"+5s", 5'000},
                                                          {"90m", 5'400'000},
                                                          {"0.3ms", 1},
                                                          {"2000us", 2},
                                                          {"3000000ns", 3},
                                                          {"1000\xc2\xb5s", 1},
                                                          {"1000\xce\xbcs", 1},
                                                          {"1m1m", 120'000},
                                                          {"2562047h", 9'223'369'200'000}};
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(parse_duration(text), milliseconds(expected)) << text;
  }
}

TEST(Duration, RefusesWhatGoRefuses) {
  for (const std::string_view text :
       {"", "15", "s", ".", ".s", "soon", "15 s", " 15s", "15s ", "15S", "1e3s", "1,5s", "--5s",
        "5s-1s", "+", "-", "inf", "nan", "1d", "2562048h", "99999999999999999999s",
        // Beyond 64 bits, which leave a small rest.
        "0x5s", "18446744073709551617ns", "18446744088709551616ns"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

// A limit of 500us must not become one of 0, which times out at once.
TEST(Duration, RoundsAwayFromZero) {
  EXPECT_EQ(parse_duration("500us"), milliseconds(1));
  EXPECT_EQ(parse_duration("1.0001s"), milliseconds(1'001));
  EXPECT_EQ(parse_duration("-1ns"), milliseconds(-1));
}

TEST(Duration, WritesWhatItReads) {
  const std::pair<long long, std::string_view> cases[] = {
      {0, "0s"}, {15'000, "15s"}, {65'000, "65s"}, {250, "250ms"}, {1'500, "1500ms"}};
  for (const auto& [count, text] : cases) {
    EXPECT_EQ(duration_text(milliseconds(count)), text);
    EXPECT_EQ(parse_duration(text), milliseconds(count));
  }
}

}  // namespace
}  // namespace infergraph
