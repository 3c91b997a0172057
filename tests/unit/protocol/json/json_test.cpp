#include "protocol/json/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace infergraph::protocol::json {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

/// Writes down everything that it is shown; stays out of members named "skip".
class Recorder final : public Visitor {
 public:
  bool enter(const Path& path, Kind) override {
    return path.depth() == 0 || !path.is(path.depth() - 1, "skip");
  }
  void value(const Path& path, Kind kind, std::string_view text) override {
    seen_.push_back(path.text() + " " + std::string(name_of(kind)) + " " + std::string(text));
  }
  std::vector<std::string> seen_;
};

TEST(JsonVisit, ShowsEveryValueWithItsPathAndExactText) {
  Recorder recorder;
  const std::string text =
      R"( { "a" : [ 1.50 , "x\"y" , { } ] , "skip" : [ [ 1 ] ] , "b" : { "c" : null , "d" : true } } )";
  EXPECT_EQ(visit(text, recorder), std::nullopt);
  EXPECT_THAT(recorder.seen_,
              ElementsAre("a[0] a number 1.50", R"(a[1] a string "x\"y")", "a[2] an object { }",
                          R"(a an array [ 1.50 , "x\"y" , { } ])", "skip an array [ [ 1 ] ]",
                          "b.c null null", "b.d a boolean true",
                          R"(b an object { "c" : null , "d" : true })",
                          " an object " + text.substr(1, text.size() - 2)));
}

TEST(JsonVisit, KnowsAnEscapedName) {
  Recorder recorder;
  EXPECT_EQ(visit(R"({"\u0073kip":[1],"a\tb":2})", recorder), std::nullopt);
  EXPECT_THAT(recorder.seen_, ElementsAre("skip an array [1]", "a\tb a number 2",
                                          R"( an object {"\u0073kip":[1],"a\tb":2})"));
}

// Names that are asked for have a length; those that come have any.
TEST(JsonVisit, ALongNameIsNoneThatIsAskedFor) {
  struct Asker final : Visitor {
    bool enter(const Path&, Kind) override { return true; }
    void value(const Path& path, Kind, std::string_view) override {
      if (path.depth() == 1) found.push_back(path.is(0, "data") ? "data" : "other");
    }
    std::vector<std::string> found;
  } asker;
  const std::string escaped = R"(\u0064\u0061\u0074\u0061)";
  EXPECT_EQ(
      visit(R"({")" + escaped + R"(":1,")" + escaped + R"(\u0061":2,"dat":3,"\u0064at":4})", asker),
      std::nullopt);
  EXPECT_THAT(asker.found, ElementsAre("data", "other", "other", "other"));
}

struct Malformed {
  std::string text;
  std::string what;
};

TEST(JsonVisit, SaysWhatIsWrongAndWhere) {
  const Malformed cases[] = {
      {"", "empty"},
      {"  ", "byte 2"},
      {"{", "byte 1"},
      {"[1,]", "byte 3"},
      {"{\"a\" 1}", "byte 5"},
      {"[1] x", "byte 4"},
      {"nul", "Invalid value"},
      {"[1e400]", "too big"},
      {"\"\\ud83d\"", "surrogate"},
      {"\"a", "quotation"},
      {std::string("[1]\0", 4), "zero byte"},
      {std::string("[\0]", 3), "byte 1"},
      {"hello", "Invalid value"},
  };
  for (const Malformed& c : cases) {
    Recorder recorder;
    EXPECT_THAT(visit(c.text, recorder), Optional(HasSubstr(c.what))) << c.text;
  }
}

TEST(JsonVisit, TakesPythonsTokensAndBytesThatAreNotUtf8) {
  Recorder recorder;
  EXPECT_EQ(visit("[NaN,Infinity,-Infinity,\"\xff\",\"\\udc80\"]", recorder), std::nullopt);
  EXPECT_EQ(recorder.seen_.size(), 6U);
  EXPECT_EQ(recorder.seen_[2], "[2] a number -Infinity");
}

TEST(JsonVisit, EndsAtTheDepthLimitWhetherEnteredOrNot) {
  const auto nested = [](std::size_t depth, const std::string& before, const std::string& after) {
    return before + std::string(depth, '[') + std::string(depth, ']') + after;
  };
  Recorder recorder;
  EXPECT_EQ(visit(nested(kMaxDepth, "", ""), recorder), std::nullopt);
  EXPECT_THAT(visit(nested(kMaxDepth + 1, "", ""), recorder), Optional(HasSubstr("deeper")));
  EXPECT_EQ(visit(nested(kMaxDepth - 1, R"({"skip":)", "}"), recorder), std::nullopt);
  EXPECT_THAT(visit(nested(kMaxDepth, R"({"skip":)", "}"), recorder),
              Optional(HasSubstr("deeper")));
  EXPECT_THAT(visit(std::string(10'000'000, '['), recorder), Optional(HasSubstr("deeper")));
}

TEST(JsonText, ReadsNumbersToTheLastDigit) {
  EXPECT_EQ(to_double("0.1"), 0.1);
  EXPECT_EQ(to_double("5e-324"), 5e-324);
  EXPECT_EQ(to_double("1e-999"), 0.0);
  EXPECT_EQ(to_double("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(to_double("1.8e308"), std::nullopt);
  EXPECT_EQ(to_double("true"), std::nullopt);
  EXPECT_EQ(to_double("1x"), std::nullopt);
  EXPECT_TRUE(std::isnan(to_double("NaN").value()));
  EXPECT_EQ(to_proto_double("\"-1.5e2\""), -150.0);
  EXPECT_EQ(to_proto_double("\"-Infinity\""), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_proto_double("\"inf\""), std::nullopt);
  EXPECT_EQ(to_proto_double("\"\""), std::nullopt);
  EXPECT_EQ(to_proto_double("\" 1\""), std::nullopt);
}

TEST(JsonText, TellsIntegersFromOtherNumbers) {
  EXPECT_EQ(to_int(-2.0), -2);
  EXPECT_EQ(to_int(2147483647.0), 2147483647);
  EXPECT_EQ(to_int(2147483648.0), std::nullopt);
  EXPECT_EQ(to_int(1.5), std::nullopt);
  EXPECT_EQ(to_int(std::numeric_limits<double>::quiet_NaN()), std::nullopt);
  EXPECT_EQ(to_int(-std::numeric_limits<double>::infinity()), std::nullopt);
}

TEST(JsonText, WritesTheFewestDigitsThatReadBack) {
  const std::pair<double, std::string> cases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {2, "2"},
      {100000, "100000"},
      {0.1, "0.1"},
      {1.5, "1.5"},
      {1e-7, "1e-07"},
      {1e300, "1e+300"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1e15, "1000000000000000"},
      {std::numeric_limits<double>::denorm_min(), "5e-324"}};
  for (const auto& [value, text] : cases) {
    std::string out;
    append_double(out, value);
    EXPECT_EQ(out, text);
    EXPECT_EQ(to_double(out), value);
  }
}

TEST(JsonText, EscapesWhatJsonAsksForAndNothingElse) {
  const std::pair<std::string, std::string> cases[] = {
      {"", R"("")"},
      {"a<b>&'/", R"("a<b>&'/")"},
      {"q\" b\\ n\n r\r t\t b\b f\f", R"("q\" b\\ n\n r\r t\t b\b f\f")"},
      {std::string("\0\x1f\x7f", 3), "\"\\u0000\\u001f\x7f\""},
      {"\xC3\xA9 \xE2\x80\xA8 \xF0\x9F\x98\x80", "\"\xC3\xA9 \xE2\x80\xA8 \xF0\x9F\x98\x80\""},
      {"a\xFFz", "\"a\xEF\xBF\xBDz\""},
      {"\xC3", "\"\xEF\xBF\xBD\""},
      {"\xC0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                  // overlong
      {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},  // a surrogate
      {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (const auto& [value, text] : cases) {
    std::string out;
    append_string(out, value);
    EXPECT_EQ(out, text);
  }
}

TEST(JsonText, UndoesEscapes) {
  EXPECT_EQ(unescaped(R"(a\"\\\/\b\f\n\r\tz)"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20ac\ud83d\ude00)"),
            "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(unescaped(R"(\udc80x)"), "\xEF\xBF\xBDx");
  EXPECT_EQ(unescaped(R"(\ud83d\u0041)"),
            "\xEF\xBF\xBD"
            "A");
}

}  // namespace
}  // namespace infergraph::protocol::json
