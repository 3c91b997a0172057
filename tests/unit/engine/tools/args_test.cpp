#include "engine/tools/args.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/tools/json_text.hpp"
#include "engine/tools/text_style.hpp"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

struct Parsed {
  std::optional<int> code;
  std::string file;
  std::string text;
  bool json = false;
  std::string errors;
};

Parsed parse(const std::vector<std::string>& args) {
  Parsed made;
  ToolArgs tool("probe FILE", "Probes.");
  tool.add_switch("json", "as JSON", made.json);
  tool.add_text("text", "TEXT", "some text", made.text);
  testing::internal::CaptureStderr();
  made.code = tool.parse(args, made.file);
  made.errors = testing::internal::GetCapturedStderr();
  return made;
}

TEST(ToolArgs, TakesEverySpellingOfAFlag) {
  for (const std::vector<std::string>& args : {std::vector<std::string>{"-text", "v", "f"},
                                               {"--text", "v", "f"},
                                               {"--text=v", "f"},
                                               {"-text=v", "f"},
                                               {"f", "--text", "v"},
                                               {"--text", "old", "f", "--text=v"}}) {
    const Parsed parsed = parse(args);
    EXPECT_EQ(parsed.code, std::nullopt) << parsed.errors;
    EXPECT_EQ(parsed.file, "f");
    EXPECT_EQ(parsed.text, "v");
  }
}

TEST(ToolArgs, AValueMayBeginWithADashOrHoldAnEqualsSign) {
  EXPECT_EQ(parse({"--text", "-1,2", "f"}).text, "-1,2");
  EXPECT_EQ(parse({"--text=a=b", "f"}).text, "a=b");
}

TEST(ToolArgs, ASwitchTakesNoFurtherArgument) {
  EXPECT_TRUE(parse({"--json", "f"}).json);
  EXPECT_FALSE(parse({"--json", "--json=false", "f"}).json);
  EXPECT_EQ(parse({"--json=maybe", "f"}).code, 2);
}

TEST(ToolArgs, BadUsageIsCodeTwoAndOneLine) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "FILE is missing"},
      {{"f", "g"}, "one FILE is enough"},
      {{"f", "--nope"}, "unknown flag --nope; see infergraph probe --help"},
      {{"f", "--txt"}, "unknown flag --txt; did you mean --text? See infergraph probe --help"},
      {{"f", "--text"}, "--text needs a value"},
  };
  for (const auto& [args, told] : cases) {
    const Parsed parsed = parse(args);
    EXPECT_EQ(parsed.code, 2);
    EXPECT_THAT(parsed.errors, HasSubstr(told));
    EXPECT_EQ(std::count(parsed.errors.begin(), parsed.errors.end(), '\n'), 1);
  }
}

TEST(ToolArgs, HelpNamesEveryFlagAndIsCodeZero) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(parse({"--help"}).code, 0);
  const std::string help = testing::internal::GetCapturedStdout();
  EXPECT_THAT(help, HasSubstr("usage: infergraph probe FILE"));
  EXPECT_THAT(help, HasSubstr("--text TEXT"));
  EXPECT_THAT(help, HasSubstr("--json"));
}

TEST(ReadDuration, KnowsTheUnits) {
  EXPECT_EQ(read_duration("20ms"), milliseconds(20));
  EXPECT_EQ(read_duration("1.5s"), milliseconds(1500));
  EXPECT_EQ(read_duration("2m"), std::chrono::minutes(2));
  EXPECT_EQ(read_duration("250us"), std::chrono::microseconds(250));
  EXPECT_EQ(read_duration("0"), milliseconds(0));
  for (const char* bad : {"", "20", "ms", "-1s", "1e300s", "nans", "1x", "1 s"}) {
    EXPECT_EQ(read_duration(bad), std::nullopt) << bad;
  }
}

TEST(Printable, LeavesNothingThatDrivesATerminal) {
  EXPECT_EQ(printable("a\x1b[2J\nb\tc\x7f"), "a\\x1b[2J\\nb\\tc\\x7f");
  EXPECT_EQ(printable("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(printable("\xFF\xC0\xAF\xED\xA0\x80"),
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Shorten, CountsColumnsAndNotBytes) {
  EXPECT_EQ(shorten("abcdef", 6), "abcdef");
  EXPECT_EQ(shorten("abcdefg", 6), "abcde…");
  EXPECT_EQ(shorten("ääääää", 6), "ääääää");
  EXPECT_EQ(shorten("äääääää", 6), "äääää…");
}

TEST(TextStyle, ColoursOnlyWhenAsked) {
  EXPECT_EQ(TextStyle(false).red("x"), "x");
  EXPECT_EQ(TextStyle(true).red("x"), "\x1b[31mx\x1b[0m");
}

TEST(IndentJson, KeepsNumbersAndPutsPlainArraysOnOneLine) {
  EXPECT_EQ(indent_json(R"({"a":[[1.50,2e3],[]],"b":{},"c":"x,\"]{"})"),
            "{\n  \"a\": [\n    [1.50, 2e3],\n    []\n  ],\n  \"b\": {},\n  \"c\": "
            "\"x,\\\"]{\"\n}");
  EXPECT_EQ(indent_json("not json"), "not json");
}

TEST(ParseJson, RefusesWhatWouldOverflowTheStack) {
  rapidjson::Document read;
  const std::string deep(100'000, '[');
  EXPECT_FALSE(parse_json(deep + std::string(100'000, ']'), read));
  EXPECT_TRUE(parse_json("[[[]]]", read));
  EXPECT_FALSE(parse_json("[NaN]", read));
  EXPECT_TRUE(parse_json("[NaN]", read, JsonDialect::kPython));
}

TEST(ParseJson, ReadsZeroHoweverItIsWritten) {
  for (const std::string zero :
       {"0e308", "0e999", "-0E-100", "0.0e+50", "0.0", "0e1", "0.0000000000000000000000000000"}) {
    rapidjson::Document read;
    ASSERT_TRUE(parse_json("[" + zero + ",1]", read)) << zero;
    EXPECT_EQ(read[0].GetDouble(), 0) << zero;
    EXPECT_EQ(std::signbit(read[0].GetDouble()), zero.front() == '-') << zero;
  }
  rapidjson::Document read;
  for (const char* const none : {"0e", "0.", "00e5", "0.e5", "0e+", "0e5x", "0e5-", "-", "0e5.5"}) {
    EXPECT_FALSE(parse_json(none, read)) << none;
  }
  ASSERT_TRUE(parse_json(R"(["0e308",0.01e2,10e1])", read));
  EXPECT_STREQ(read[0].GetString(), "0e308");
  EXPECT_EQ(read[1].GetDouble(), 1);
  EXPECT_EQ(read[2].GetDouble(), 100);
}

}  // namespace
}  // namespace infergraph::engine
