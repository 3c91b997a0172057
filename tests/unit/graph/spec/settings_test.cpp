#include "graph/spec/settings.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/paths.hpp"

namespace infergraph::graph {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string document() {
  std::ifstream file(test::source_file("docs/settings.md"));
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Settings, HaveNamesOfTheirOwnAndHelp) {
  std::set<std::string_view> names;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_EQ(setting.name.find('.'), std::string_view::npos) << "keys are split at dots";
    EXPECT_EQ(find_setting(setting.name), &setting);
  }
  EXPECT_EQ(find_setting("nonsense"), nullptr);
}

TEST(Settings, TakeTheirOwnDefaults) {
  for (const Setting& setting : settings()) {
    NodeSettings made;
    if (setting.fallback.empty()) continue;
    EXPECT_EQ(setting.set(made, setting.fallback), "");
  }
}

TEST(Settings, AreAllInTheDocument) {
  const std::string text = document();
  for (const Setting& setting : settings()) {
    const std::string name(setting.name);
    const std::string fallback =
        setting.fallback.empty() ? "" : " `" + std::string(setting.fallback) + "`";
    const std::string row =
        "\n| `" + name + "` | " + std::string(setting.value) + " |" + fallback + " | ";
    const std::size_t at = text.find(row);
    ASSERT_NE(at, std::string::npos) << row;
    const std::string line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    EXPECT_EQ(line.ends_with("| yes |"), setting.bare == BareName::kTaken) << line;
  }
}

TEST(Settings, AreAllThatTheDocumentHas) {
  std::istringstream lines(document());
  std::size_t rows = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| `")) continue;
    const std::string name = line.substr(3, line.find('`', 3) - 3);
    EXPECT_NE(find_setting(name), nullptr) << line;
    ++rows;
  }
  EXPECT_EQ(rows, settings().size());
}

struct Trial {
  const char* name;
  const char* value;
  bool is_taken;
};

class Values : public ::testing::TestWithParam<Trial> {};

TEST_P(Values, AreTakenOrTold) {
  const auto& [name, value, is_taken] = GetParam();
  NodeSettings made;
  const std::string wrong = find_setting(name)->set(made, value);
  if (is_taken) {
    EXPECT_EQ(wrong, "");
  } else {
    EXPECT_THAT(wrong, ::testing::AnyOf(StartsWith("must "), StartsWith("is ")));
  }
}

INSTANTIATE_TEST_SUITE_P(
    , Values,
    ::testing::Values(
        Trial{"protocol", "seldon", true}, Trial{"protocol", "kfserving", true},
        Trial{"protocol", "V2", false}, Trial{"protocol", "udp", false},
        Trial{"model_name", "a b/c", true}, Trial{"input_names", "a=b,c=d", true},
        Trial{"input_names", "sepal,petal", false}, Trial{"input_names", "=b", false},
        Trial{"output_names", "c=", false}, Trial{"output_names", "d=e,d=f", false},
        Trial{"rest_endpoint", "http://[::1]:80/", true},
        Trial{"rest_endpoint", "0.0.0.0:2001", true}, Trial{"rest_endpoint", "host", false},
        Trial{"rest_endpoint", "host:0", false}, Trial{"rest_endpoint", "host:65536", false},
        Trial{"rest_endpoint", "host:80x", false}, Trial{"rest_endpoint", "http://h/x:80", false},
        Trial{"rest_endpoint", "h\r\nx:80", false}, Trial{"grpc_endpoint", "https://h:443", false},
        Trial{"server_rest_port", "0", true}, Trial{"server_rest_port", "8501", true},
        Trial{"server_rest_port", "65536", false}, Trial{"server_grpc_port", "-1", false},
        Trial{"server_grpc_port", "1 ", false}, Trial{"aggregate_body", "messages", true},
        Trial{"aggregate_body", "array", false}, Trial{"timeout", "0", true},
        Trial{"timeout", "1500", true}, Trial{"timeout", "1500ms", true},
        Trial{"timeout", "2m", true}, Trial{"timeout", "1.5s", true},
        Trial{"timeout", "1e3", false}, Trial{"timeout", "+5", false},
        Trial{"timeout", "inf", false}, Trial{"timeout", "nan", false},
        Trial{"timeout", ".5s", false}, Trial{"timeout", "1d", false},
        Trial{"connect_timeout", "300ms", true}, Trial{"connect_timeout", "0", false},
        Trial{"max_response_bytes", "65536", true}, Trial{"max_response_bytes", "64Ki", true},
        Trial{"max_response_bytes", "1.5", false}, Trial{"max_response_bytes", "2048Gi", false},
        Trial{"max_response_bytes", "64kb", false}, Trial{"max_response_bytes", "-1", false},
        Trial{"full_health_checks", "True", true}, Trial{"full_health_checks", "yes", false},
        Trial{"timeout", "-1", false}, Trial{"timeout", "35792m", false},
        Trial{"timeout", "99999999999999999999", false}, Trial{"timeout", "5 s", false}));

TEST(Settings, ReadTimes) {
  const std::vector<std::pair<std::string, int>> cases{
      {"0", 0},        {"1500", 1500}, {"1500ms", 1500}, {"15s", 15'000},
      {"2m", 120'000}, {"1.5s", 1500}, {"0.0001s", 1},   {"1h", 3'600'000}};
  for (const auto& [text, milliseconds] : cases) {
    NodeSettings made;
    ASSERT_EQ(find_setting("timeout")->set(made, text), "");
    EXPECT_EQ(made.timeout, std::chrono::milliseconds(milliseconds)) << text;
  }
}

TEST(Settings, ReadSizes) {
  const std::vector<std::pair<std::string, std::size_t>> cases{
      {"0", 0}, {"65536", 65536}, {"64Ki", 65536}, {"1Mi", 1U << 20U}, {"1.5Ki", 1536}};
  for (const auto& [text, bytes] : cases) {
    NodeSettings made;
    ASSERT_EQ(find_setting("max_response_bytes")->set(made, text), "");
    EXPECT_EQ(made.max_response_bytes, bytes) << text;
  }
}

TEST(Settings, LeaveWhatTheyHadWhereAValueIsWrong) {
  NodeSettings made;
  made.input_names = {{"a", "b"}};
  made.server_rest_port = 7;
  EXPECT_NE(find_setting("input_names")->set(made, "c=d,c=e"), "");
  EXPECT_NE(find_setting("server_rest_port")->set(made, "99999"), "");
  EXPECT_EQ(made.input_names, (NodeSettings::Names{{"a", "b"}}));
  EXPECT_EQ(made.server_rest_port, 7);
}

}  // namespace
}  // namespace infergraph::graph
