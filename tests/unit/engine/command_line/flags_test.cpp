#include "engine/command_line/flags.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "graph/spec/settings.hpp"
#include "tests/support/paths.hpp"

namespace infergraph::engine {
namespace {

using testing::HasSubstr;

std::string flags_document() {
  std::ifstream file(test::source_file("docs/flags.md"));
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Flags, HaveNamesOfTheirOwnAndHelp) {
  std::set<std::string> names;
  for (const Flag& flag : flags()) {
    EXPECT_TRUE(names.insert(flag.name).second) << flag.name;
    EXPECT_FALSE(flag.help.empty()) << flag.name;
    EXPECT_EQ(find_flag(flag.name), &flag);
  }
  EXPECT_EQ(find_flag("nonsense"), nullptr);
}

// What --help and the documents call the default is what the parser takes.
TEST(Flags, TakeTheirOwnDefaults) {
  for (const Flag& flag : flags()) {
    if (flag.fallback.empty()) continue;
    Options options;
    EXPECT_EQ(flag.set(options, flag.fallback), "") << flag.name;
  }
}

TEST(Flags, AreAllInTheDocumentWithTheirDefaults) {
  const std::string document = flags_document();
  for (const Flag& flag : flags()) {
    const std::string cell = flag.fallback.empty() ? "" : "`" + flag.fallback + "`";
    // | `--max_connections` | `INFERGRAPH_MAX_CONNECTIONS` | `10000` | …
    EXPECT_THAT(document, HasSubstr("\n| `--" + flag.name + "` | `" + flag.variable() + "` | " +
                                    cell + (cell.empty() ? "" : " ") + "| "));
  }
  for (const Variable& variable : environment_variables()) {
    EXPECT_THAT(document, HasSubstr("| `" + std::string(variable.name) + "` |"));
  }
}

// The document names no flag that isn't there.
TEST(Flags, AreAllThatTheDocumentHas) {
  std::istringstream lines(flags_document());
  int rows = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `--")) continue;
    const std::string name = line.substr(5, line.find('`', 5) - 5);
    EXPECT_NE(find_flag(name), nullptr) << line;
    ++rows;
  }
  EXPECT_EQ(rows, static_cast<int>(flags().size()));
}

TEST(Help, NamesEverythingIn80Columns) {
  const std::string help = help_text();
  for (const Flag& flag : flags()) EXPECT_THAT(help, HasSubstr("\n  --" + flag.name + " ")) << help;
  for (const Variable& variable : environment_variables()) {
    EXPECT_THAT(help, HasSubstr("\n  " + std::string(variable.name)));
  }
  for (const graph::Setting& setting : graph::settings()) {
    EXPECT_THAT(help, HasSubstr("\n  " + std::string(setting.name) + " "));
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(Help, TellsDefaults) {
  const std::string help = help_text();
  for (const char* text : {"(8000)", "(/prometheus)", "(64Ki)", "(128Mi)", "(15s)", "(10000)"}) {
    EXPECT_THAT(help, HasSubstr(text));
  }
}

TEST(ParseBool, ReadsWhatGoReads) {
  for (const char* text : {"true", "1", "t", "T", "TRUE", "True"})
    EXPECT_EQ(parse_bool(text), true);
  for (const char* text : {"false", "0", "f", "F", "FALSE", "False"}) {
    EXPECT_EQ(parse_bool(text), false);
  }
  for (const char* text : {"", "yes", "tRUE", "2", " true"}) {
    EXPECT_EQ(parse_bool(text), std::nullopt);
  }
}

}  // namespace
}  // namespace infergraph::engine
