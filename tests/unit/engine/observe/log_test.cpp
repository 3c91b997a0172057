#include "engine/observe/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "engine/command_line/options.hpp"
#include "engine/observe/rate_limit.hpp"

namespace infergraph::engine {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr std::chrono::system_clock::time_point kTime{std::chrono::milliseconds(1'714'564'800'045)};

// What `write` writes to stderr under those options.
template <typename Write>
std::string logged(const Options& options, Write write) {
  testing::internal::CaptureStderr();
  configure_logging(options.log_level, options.debug);
  write();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALine) {
  EXPECT_EQ(
      log::json_line(log::Level::kInfo, kTime, "listening", {{"http_port", 8000}, {"name", "m"}}),
      R"({"level":"info","ts":"2024-05-01T12:00:00.045Z","logger":"infergraph",)"
      R"("msg":"listening","http_port":8000,"name":"m"})");
  EXPECT_THAT(log::json_line(log::Level::kWarning, kTime, "", {}), HasSubstr(R"("level":"warn")"));
}

TEST(Log, WritesNumbersAsNumbers) {
  const std::string own = "8000";  // a value borrows its text
  const std::pair<log::Value, std::string> cases[] = {
      {1, "1"},
      {-1, "-1"},
      {std::uint16_t{65535}, "65535"},
      {std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"},
      {std::numeric_limits<std::uint64_t>::max(), "18446744073709551615"},
      {true, "true"},
      {false, "false"},
      {0.0, "0"},
      {1.5, "1.5"},
      {1.5F, "1.5"},
      {1234.56789, "1234.568"},
      {100.0, "100"},
      {1e300, "1e+300"},
      {std::numeric_limits<double>::infinity(), "null"},
      {std::nan(""), "null"},
      {"8000", "\"8000\""},
      {own, "\"8000\""},
      {std::string_view("8000"), "\"8000\""}};
  for (const auto& [value, text] : cases) {
    const log::Field field[] = {{"k", value}};
    EXPECT_THAT(log::json_line(log::Level::kInfo, kTime, "m", log::Fields::Row(field)),
                EndsWith(",\"k\":" + text + "}"));
  }
  EXPECT_THAT(log::text_line(log::Level::kInfo, kTime, "m", {{"a", 1}, {"b", 0.25}}),
              EndsWith("m  a=1  b=0.25"));
}

TEST(Log, CutsLongTexts) {
  const std::string just(log::kMostText, 'x');
  EXPECT_THAT(log::json_line(log::Level::kInfo, kTime, just, {}), EndsWith(just + "\"}"));
  const std::string line =
      log::json_line(log::Level::kInfo, kTime, just + "yz", {{"k", just + std::string(100, 'y')}});
  EXPECT_THAT(line, AllOf(HasSubstr(just + "… (2 bytes more)"), HasSubstr("… (100 bytes more)")));
  EXPECT_LT(line.size(), 2 * log::kMostText + 200);
  // Not in the middle of a character.
  const std::string wide = std::string(log::kMostText - 1, 'x') + "µ";
  EXPECT_THAT(log::text_line(log::Level::kInfo, kTime, wide, {}), HasSubstr("x… (2 bytes more)"));
}

TEST(Log, EscapesWhatJsonAsksFor) {
  EXPECT_THAT(
      log::json_line(log::Level::kError, kTime, "a\"b\\c\nd", {{"k\t", "\x01\xff"}}),
      AllOf(HasSubstr(R"("msg":"a\"b\\c\nd")"), HasSubstr("\"k\\t\":\"\\u0001\xef\xbf\xbd\"")));
}

TEST(Log, WritesLinesForPeople) {
  EXPECT_EQ(log::text_line(log::Level::kInfo, kTime, "a\nb\x1b[31m", {{"k", "v\n"}}),
            "2024-05-01 12:00:00.045 INFO  a\\x0ab\\x1b[31m  k=v\\x0a");
}

TEST(Log, RoundsATimeBefore1970Down) {
  const std::chrono::system_clock::time_point before{std::chrono::milliseconds(-1)};
  EXPECT_THAT(log::json_line(log::Level::kInfo, before, "m", {}),
              HasSubstr("1969-12-31T23:59:59.999Z"));
}

TEST(Log, GoesToStderrFromTheLevelUp) {
  const std::pair<const char*, std::string> cases[] = {{"DEBUG", "debug info warn error"},
                                                       {"INFO", "info warn error"},
                                                       {"WARNING", "warn error"},
                                                       {"ERROR", "error"},
                                                       {"FATAL", ""}};
  for (const auto& [level, expected] : cases) {
    Options options;
    options.log_level = level;
    const std::string text = logged(options, [] {
      log::debug("one");
      log::info("two", {{"key", "value"}});
      log::warn("three");
      log::error("four");
    });
    for (const std::string name : {"debug", "info", "warn", "error"}) {
      const std::string mark = "\"level\":\"" + name + "\"";
      if (expected.find(name) != std::string::npos) {
        EXPECT_THAT(text, HasSubstr(mark)) << level;
      } else {
        EXPECT_THAT(text, Not(HasSubstr(mark))) << level;
      }
    }
  }
}

TEST(Log, IsForPeopleUnderDebug) {
  Options options;
  options.debug = true;
  options.log_level = "ERROR";
  EXPECT_THAT(logged(options,
                     [] {
                       log::debug("hello", {{"key", "value"}});
                     }),
              MatchesRegex("[0-9-]+ [0-9:.]+ DEBUG hello  key=value\n"));
}

TEST(Log, HoldsAFloodOfErrorsBack) {
  const std::string text = logged(Options{}, [] {
    for (int i = 0; i < 1000; ++i) log::error_limited("broken");
  });
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_GE(lines, 10);
  EXPECT_LE(lines, 40) << "a slow machine may take a second or two over it";
}

TEST(RateLimit, TellsHowManyWereHeldBack) {
  RateLimit limit(2);
  const RateLimit::Clock::time_point start{};
  using std::chrono::milliseconds;
  EXPECT_EQ(limit.admit(start), 0);
  EXPECT_EQ(limit.admit(start + milliseconds(10)), 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(limit.admit(start + milliseconds(999)), std::nullopt);
  EXPECT_EQ(limit.admit(start + milliseconds(1000)), 5);
  EXPECT_EQ(limit.admit(start + milliseconds(1001)), 0);
  EXPECT_EQ(limit.admit(start + milliseconds(1002)), std::nullopt);
  EXPECT_EQ(limit.admit(start + milliseconds(5000)), 1);
}

}  // namespace
}  // namespace infergraph::engine
