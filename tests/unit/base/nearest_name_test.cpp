#include "base/nearest_name.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace infergraph {
namespace {

constexpr std::array<std::string_view, 8> kNames = {
    "check", "stub", "try", "http_port", "grpc_port", "service_port", "SKLEARN_SERVER", "traffic"};

TEST(NearestName, IsASlipAway) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"chek", "check"},
      {"cehck", "check"},
      {"checkk", "check"},
      {"CHECK", "check"},
      {"http_prot", "http_port"},
      {"htttp_port", "http_port"},
      {"httpport", "http_port"},
      {"service_prot", "service_port"},
      {"SKLEARN", "SKLEARN_SERVER"},
      {"sklearn_sever", "SKLEARN_SERVER"},
      {"trafic", "traffic"},
      {"tri", "try"}};
  for (const auto& [written, meant] : cases) EXPECT_EQ(nearest_name(written, kNames), meant);
}

TEST(NearestName, IsNoneForWhatIsAnotherWord) {
  for (const std::string_view written : {"", "x", "to", "run", "graph", "SERVER", "model_name",
                                         "children", "ort", "maximum_of_connections"}) {
    EXPECT_EQ(nearest_name(written, kNames), "") << written;
  }
  EXPECT_EQ(nearest_name(std::string(65, 'x'), kNames), "");
  const std::array<std::string_view, 1> longest = {"x"};
  EXPECT_EQ(nearest_name("", longest), "");
  EXPECT_EQ(nearest_name("chek", {}), "");
}

TEST(NearestName, IsNoneOfSeveralThatWereBegun) {
  const std::array<std::string_view, 2> names = {"logger_url", "logger_workers"};
  EXPECT_EQ(nearest_name("logger", names), "");
  EXPECT_EQ(nearest_name("logger_w", names), "logger_workers");
}

TEST(NearestName, AsAQuestion) {
  EXPECT_EQ(did_you_mean("chek", kNames), "; did you mean \"check\"?");
  EXPECT_EQ(did_you_mean("graph", kNames), "");
}

}  // namespace
}  // namespace infergraph
