#include "engine/command_line/argv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace infergraph::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// `port` takes a value, `debug` is a switch.
Arguments read(const std::vector<std::string>& args) {
  return take_apart(args, [](std::string_view name) {
    if (name == "port") return FlagKind::kValue;
    if (name == "debug") return FlagKind::kSwitch;
    return FlagKind::kUnknown;
  });
}

std::vector<std::string> normalised(const Arguments& arguments) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : arguments.flags) texts.push_back("--" + name + "=" + value);
  return texts;
}

TEST(Argv, TakesEverySpelling) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"-port", "1"}, {"--port", "1"}, {"-port=1"}, {"--port=1"}}) {
    const Arguments arguments = read(args);
    EXPECT_THAT(normalised(arguments), ElementsAre("--port=1"));
    EXPECT_EQ(arguments.fault, "");
    EXPECT_THAT(arguments.ignored, IsEmpty());
  }
}

TEST(Argv, KeepsTheOrderOfRepeatedFlags) {
  EXPECT_THAT(normalised(read({"--port", "1", "-debug", "-port=2"})),
              ElementsAre("--port=1", "--debug=true", "--port=2"));
}

TEST(Argv, TakesAnythingForAValue) {
  EXPECT_THAT(
      normalised(read({"--port", "-1", "--port=", "--port", "", "--port", "--debug", "--port=a=b",
                       "--port", "--"})),
      ElementsAre("--port=-1", "--port=", "--port=", "--port=--debug", "--port=a=b", "--port=--"));
}

TEST(Argv, ASwitchTakesItsValueOnlyAfterEquals) {
  const Arguments arguments = read({"--debug=false", "--debug", "false", "--port", "1"});
  EXPECT_THAT(normalised(arguments), ElementsAre("--debug=false", "--debug=true"));
  EXPECT_THAT(arguments.ignored, ElementsAre("false", "--port", "1"));
}

TEST(Argv, EndsAtTwoDashesAndAtTheFirstArgument) {
  for (const auto& [args, ignored] : {std::pair<std::vector<std::string>, std::vector<std::string>>{
                                          {"--", "--port", "1"}, {"--port", "1"}},
                                      {{"--"}, {}},
                                      {{"word", "--port"}, {"word", "--port"}},
                                      {{"-", "--port"}, {"-", "--port"}},
                                      {{"", "--port"}, {"", "--port"}}}) {
    const Arguments arguments = read(args);
    EXPECT_EQ(arguments.ignored, ignored);
    EXPECT_THAT(arguments.flags, IsEmpty());
    EXPECT_EQ(arguments.fault, "");
  }
}

TEST(Argv, TellsTheFirstFault) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--nope"}, "unknown flag --nope"},
      {{"-nope=1"}, "unknown flag --nope"},
      {{"--Port", "1"}, "unknown flag --Port"},
      {{"---port", "1"}, "bad flag syntax: ---port"},
      {{"-=1"}, "bad flag syntax: -=1"},
      {{"--=1"}, "bad flag syntax: --=1"},
      {{"--port"}, "--port needs a value"},
      {{"--debug", "--nope", "---"}, "unknown flag --nope"}};
  for (const auto& [args, fault] : cases) EXPECT_EQ(read(args).fault, fault);
}

TEST(Argv, KeepsTheFlagsBeforeAFault) {
  EXPECT_THAT(normalised(read({"--debug", "--nope", "--port=1"})), ElementsAre("--debug=true"));
}

}  // namespace
}  // namespace infergraph::engine
