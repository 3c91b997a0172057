#include "graph/spec/text/yaml_scalar.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace infergraph::graph {
namespace {

using protocol::json::Kind;

TEST(YamlScalar, ArePlainAsKubernetesReadsThem) {
  const std::vector<std::pair<std::string, Kind>> cases{
      {"", Kind::kNull},        {"~", Kind::kNull},        {"Null", Kind::kNull},
      {"nUll", Kind::kString},  {"true", Kind::kBool},     {"FALSE", Kind::kBool},
      {"yes", Kind::kBool},     {"off", Kind::kBool},      {"y", Kind::kBool},
      {"N", Kind::kBool},       {"yEs", Kind::kString},    {"0", Kind::kNumber},
      {"-12", Kind::kNumber},   {"+12", Kind::kNumber},    {"007", Kind::kNumber},
      {"08", Kind::kNumber},    {"0o17", Kind::kNumber},   {"0o18", Kind::kString},
      {"0b11", Kind::kNumber},  {"0x1F", Kind::kNumber},   {"0x", Kind::kString},
      {"0xG", Kind::kString},   {"1.", Kind::kNumber},     {".5", Kind::kNumber},
      {".", Kind::kString},     {"-", Kind::kString},      {"+-1", Kind::kString},
      {"1e3", Kind::kNumber},   {"1.5E-3", Kind::kNumber}, {"1e", Kind::kString},
      {".inf", Kind::kNumber},  {"-.Inf", Kind::kNumber},  {".nan", Kind::kNumber},
      {"-.nan", Kind::kString}, {"1.2.3", Kind::kString},  {"1_000", Kind::kNumber},
      {"_1", Kind::kString},    {"12:30", Kind::kString},  {"2020-01-02", Kind::kString},
      {"v1", Kind::kString},    {"1 2", Kind::kString},    {"99999999999999999999", Kind::kNumber}};
  for (const auto& [text, kind] : cases) EXPECT_EQ(resolve_plain(text), kind) << text;
}

TEST(YamlScalar, BecomeTextsAsInGo) {
  const std::vector<std::pair<std::string, std::string>> cases{{"010", "8"},
                                                               {"0x10", "16"},
                                                               {"-0b11", "-3"},
                                                               {"1_000", "1000"},
                                                               {"+7", "7"},
                                                               {"-0", "0"},
                                                               {"1.10", "1.1"},
                                                               {"1e3", "1000"},
                                                               {"0.7", "0.7"},
                                                               {"1e6", "1e+06"},
                                                               {"1234567.0", "1.234567e+06"},
                                                               {".00001", "1e-05"},
                                                               {"08", "8"},
                                                               {"1e21", "1e+21"},
                                                               {"1e300", "+Inf"},
                                                               {"-1e300", "-Inf"}};
  for (const auto& [written, text] : cases) {
    EXPECT_EQ(text_of_scalar(Kind::kNumber, written), text) << written;
  }
  EXPECT_EQ(text_of_scalar(Kind::kBool, "On"), "true");
  EXPECT_EQ(text_of_scalar(Kind::kBool, "n"), "false");
  EXPECT_EQ(text_of_scalar(Kind::kNumber, ".inf"), std::nullopt);
}

TEST(YamlScalar, AreWholeNumbersInAnyForm) {
  const std::vector<std::pair<std::string, std::optional<std::int64_t>>> cases{
      {"9000", 9000},
      {"0x2328", 9000},
      {"9e3", 9000},
      {"9000.0", 9000},
      {"9_000", 9000},
      {"-1", -1},
      {"017", 15},
      {"1.5", {}},
      {".inf", {}},
      {"1e300", {}},
      {"9223372036854775807", 9223372036854775807},
      {"9223372036854775808", {}},
      {"-9223372036854775808", std::int64_t{-9223372036854775807} - 1}};
  for (const auto& [text, value] : cases) EXPECT_EQ(to_whole_number(text), value) << text;
}

}  // namespace
}  // namespace infergraph::graph
