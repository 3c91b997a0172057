#include "metrics/families.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <new>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "metrics/exposition.hpp"
#include "tests/support/paths.hpp"

namespace {
thread_local std::size_t allocated = 0;
}  // namespace

// Counts what this program allocates; the array's forms come here too.
void* operator new(std::size_t size) {
  ++allocated;
  if (void* made = std::malloc(size)) return made;
  throw std::bad_alloc();
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, std::size_t) noexcept { std::free(made); }

namespace infergraph::metrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

FamilyOptions options() {
  FamilyOptions options;
  options.deployment_name = "iris";
  options.predictor_name = "main";
  options.predictor_version = "v1";
  options.bounds = {0.1, 1};
  options.shards = 2;
  options.version = "0.1.0";
  return options;
}

std::vector<std::string> lines_of(const Families& families, std::string_view prefix) {
  std::istringstream text(expose(families.registry(), Format::kText));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);)
    if (line.starts_with(prefix)) lines.push_back(line);
  return lines;
}

TEST(Families, NamesServerRequestsAsTheReferenceDoes) {
  Families families(options());
  auto first = families.server(0, "predictions", "post");
  auto second = families.server(1, "predictions", "post");
  EXPECT_TRUE(lines_of(families, "seldon_").empty());  // nothing was observed

  first.observe(200, 0.5);
  first.observe(200, 0.5);
  first.observe(503, 4);
  second.observe(200, 0.0625);
  auto grpc = families.server(1, "/seldon.protos.Seldon/Predict", "unary");
  grpc.observe("OK", 0.25);
  grpc.observe(std::string("OK"), 0.25);
  EXPECT_THAT(
      lines_of(families, "seldon_"),
      ElementsAre(
          R"(seldon_api_executor_server_requests_seconds_bucket{code="200",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions",le="0.1"} 1)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="200",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions",le="1"} 3)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="200",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions",le="+Inf"} 3)",
          R"(seldon_api_executor_server_requests_seconds_sum{code="200",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions"} 1.0625)",
          R"(seldon_api_executor_server_requests_seconds_count{code="200",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions"} 3)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="503",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions",le="0.1"} 0)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="503",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions",le="1"} 0)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="503",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions",le="+Inf"} 1)",
          R"(seldon_api_executor_server_requests_seconds_sum{code="503",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions"} 4)",
          R"(seldon_api_executor_server_requests_seconds_count{code="503",deployment_name="iris",method="post",predictor_name="main",predictor_version="v1",service="predictions"} 1)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="OK",deployment_name="iris",method="unary",predictor_name="main",predictor_version="v1",service="/seldon.protos.Seldon/Predict",le="0.1"} 0)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="OK",deployment_name="iris",method="unary",predictor_name="main",predictor_version="v1",service="/seldon.protos.Seldon/Predict",le="1"} 2)",
          R"(seldon_api_executor_server_requests_seconds_bucket{code="OK",deployment_name="iris",method="unary",predictor_name="main",predictor_version="v1",service="/seldon.protos.Seldon/Predict",le="+Inf"} 2)",
          R"(seldon_api_executor_server_requests_seconds_sum{code="OK",deployment_name="iris",method="unary",predictor_name="main",predictor_version="v1",service="/seldon.protos.Seldon/Predict"} 0.5)",
          R"(seldon_api_executor_server_requests_seconds_count{code="OK",deployment_name="iris",method="unary",predictor_name="main",predictor_version="v1",service="/seldon.protos.Seldon/Predict"} 2)"));
}

TEST(Families, NamesClientRequestsAsTheReferenceDoes) {
  Families families(options());
  auto calls = families.client(0, "/predict", "post", "classifier", "org/iris", "1.2");
  calls.observe(200, 0.5);
  EXPECT_THAT(
      lines_of(families, "seldon_api_executor_client_requests_seconds_count"),
      ElementsAre(
          R"(seldon_api_executor_client_requests_seconds_count{code="200",deployment_name="iris",method="post",model_image="org/iris",model_name="classifier",model_version="1.2",predictor_name="main",predictor_version="v1",service="/predict"} 1)"));
}

TEST(Families, KeepsHandlesUsableWhenTheyAreMoved) {
  Families families(options());
  std::vector<ServerRequests> handles;
  for (int i = 0; i < 100; ++i) {
    handles.push_back(families.server(0, "predictions", "post"));
    handles.back().observe(200, 0.5);
  }
  for (auto& handle : handles) handle.observe(200, 0.5);
  EXPECT_THAT(lines_of(families, "seldon_api_executor_server_requests_seconds_count"),
              ElementsAre(HasSubstr("} 200")));
}

TEST(Families, HasSummariesOnlyWhenAsked) {
  auto with = options();
  Families without_summaries(with);
  with.summaries = true;
  Families with_summaries(with);
  for (auto* families : {&without_summaries, &with_summaries}) {
    families->server(0, "predictions", "post").observe(200, 0.5);
    families->server(1, "predictions", "post").observe(200, 0.5);
    families->client(0, "/predict", "post", "m", "i", "1").observe(200, 0.5);
  }
  EXPECT_THAT(expose(without_summaries.registry(), Format::kText), Not(HasSubstr("_summary")));
  const std::string server = "seldon_api_executor_server_requests_seconds_summary";
  EXPECT_THAT(lines_of(with_summaries, server),
              ElementsAre(HasSubstr("quantile=\"0.5\"} 0.5"), HasSubstr("quantile=\"0.9\"} 0.5"),
                          HasSubstr("quantile=\"0.99\"} 0.5"), HasSubstr(server + "_sum{"),
                          testing::EndsWith("service=\"predictions\"} 2")));
  EXPECT_EQ(lines_of(with_summaries, "seldon_api_executor_client_requests_seconds_summary").size(),
            5U);
}

TEST(Families, DefaultBoundsAreTheReferencesAndFinerOnes) {
  EXPECT_THAT(default_bounds(),
              ElementsAre(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075,
                          0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10));
  EXPECT_EQ(FamilyOptions().bounds, default_bounds());
  auto bad = options();
  bad.bounds = {1, 0.5};
  EXPECT_THROW(Families{bad}, std::invalid_argument);
}

/// Touches everything.
void fill(Families& families) {
  families.server(0, "predictions", "post").observe(200, 0.5);
  families.client(1, "/predict", "post", "m", "i", "1").observe(200, 0.5);
  families.requests_in_flight(0).add(1);
  families.node_calls_in_flight(1, "m").add(1);
  families.request_self_seconds(0, "predictions").observe(0.0001);
  families.node_self_seconds(0, "m").observe(0.0001);
  auto failed = families.requests_failed(0);
  failed.count("UNAVAILABLE");
  families.connections_open(0).add(3);
  families.connections_refused(0).add();
  auto connections = families.node_connections(0, "m");
  connections.idle.add(2);
  connections.busy.add(1);
  connections.connects.add(3);
  connections.connect_failures.add(2);
  connections.retries.add(1);
  families.ready().set(1);
}

TEST(Families, ExposesEverythingThatIsTouched) {
  Families families(options());
  fill(families);
  families.requests_in_flight(1).add(2);
  EXPECT_THAT(lines_of(families, "infergraph_build_info"),
              ElementsAre(testing::MatchesRegex(
                  R"(infergraph_build_info\{compiler="(gcc|clang) .*",version="0.1.0"\} 1)")));
  std::vector<std::string> others;
  for (auto& line : lines_of(families, "infergraph_"))
    if (line.find("_bucket") == std::string::npos && line.find("build_info") == std::string::npos)
      others.push_back(line);
  EXPECT_THAT(
      others,
      ElementsAre("infergraph_connections_open 3", "infergraph_connections_refused_total 1",
                  "infergraph_node_calls_in_flight{model_name=\"m\"} 1",
                  "infergraph_node_connect_failures_total{model_name=\"m\"} 2",
                  "infergraph_node_connections{model_name=\"m\",state=\"busy\"} 1",
                  "infergraph_node_connections{model_name=\"m\",state=\"idle\"} 2",
                  "infergraph_node_connects_total{model_name=\"m\"} 3",
                  "infergraph_node_retries_total{model_name=\"m\"} 1",
                  "infergraph_node_self_seconds_sum{model_name=\"m\"} 0.0001",
                  "infergraph_node_self_seconds_count{model_name=\"m\"} 1", "infergraph_ready 1",
                  "infergraph_request_self_seconds_sum{service=\"predictions\"} 0.0001",
                  "infergraph_request_self_seconds_count{service=\"predictions\"} 1",
                  "infergraph_requests_failed_total{reason=\"UNAVAILABLE\"} 1",
                  "infergraph_requests_in_flight 3"));
}

// Two threads' failures of one reason are one series; a second failure of a reason costs neither
// the family's lock nor a byte of memory.
TEST(FailedRequests, AreLookedUpOncePerReason) {
  Families families(options());
  auto first = families.requests_failed(0);
  auto second = families.requests_failed(1);
  for (const auto reason : {"UNAVAILABLE", "OVERLOADED", "UNAVAILABLE"}) first.count(reason);
  second.count("UNAVAILABLE");
  EXPECT_THAT(lines_of(families, "infergraph_requests_failed_total"),
              ElementsAre("infergraph_requests_failed_total{reason=\"OVERLOADED\"} 1",
                          "infergraph_requests_failed_total{reason=\"UNAVAILABLE\"} 3"));
  const std::size_t before = allocated;
  for (int i = 0; i < 100; ++i) first.count("UNAVAILABLE");
  for (int i = 0; i < 100; ++i) first.count("OVERLOADED");
  EXPECT_EQ(allocated, before);
}

TEST(RequestSeries, AreLookedUpOncePerCode) {
  Families families(options());
  auto rest = families.server(0, "predictions", "post");
  auto grpc = families.server(0, "/seldon.protos.Seldon/Predict", "unary");
  for (const int status : {200, 503}) rest.observe(status, 0.1);
  for (const auto code : {"OK", "DeadlineExceeded"}) grpc.observe(code, 0.1);
  const std::size_t before = allocated;
  for (const int status : {200, 503}) rest.observe(status, 0.1);
  for (const auto code : {"OK", "DeadlineExceeded"}) grpc.observe(code, 0.1);
  EXPECT_EQ(allocated, before);
}

double value_of(const Families& families, const std::string& name) {
  const auto lines = lines_of(families, name + " ");
  EXPECT_EQ(lines.size(), 1U) << name;
  return lines.empty() ? NAN : std::stod(lines[0].substr(name.size() + 1));
}

TEST(ProcessCollector, ReadsThisProcess) {
  const Families families(options());
  EXPECT_GT(value_of(families, "process_cpu_seconds_total"), 0);
  EXPECT_GE(value_of(families, "process_threads"), 1);
  EXPECT_GT(value_of(families, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(families, "process_virtual_memory_bytes"),
            value_of(families, "process_resident_memory_bytes"));
  const double now = static_cast<double>(std::time(nullptr));
  EXPECT_NEAR(value_of(families, "process_start_time_seconds"), now, 300);
  EXPECT_EQ(value_of(families, "process_max_fds"), static_cast<double>(sysconf(_SC_OPEN_MAX)));

  const double open = value_of(families, "process_open_fds");
  EXPECT_GE(open, 1);
  const int extra = dup(0);
  EXPECT_EQ(value_of(families, "process_open_fds"), open + 1);
  close(extra);
}

TEST(Families, PassPromtoolsLint) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed";
  Families families(options());
  fill(families);
  const std::string path = testing::TempDir() + "infergraph_metrics_" + std::to_string(getpid());
  std::ofstream(path) << expose(families.registry(), Format::kText);
  FILE* output = popen(("promtool check metrics <" + path + " 2>&1").c_str(), "r");
  ASSERT_NE(output, nullptr);
  std::string said;
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output)) said += static_cast<char>(c);
  EXPECT_EQ(pclose(output), 0);
  EXPECT_EQ(said, "");
  std::remove(path.c_str());
}

// docs/metrics.md lists every family.
TEST(Families, AreAllDocumented) {
  std::ifstream file(test::source_file("docs/metrics.md"));
  const std::string document{std::istreambuf_iterator<char>(file), {}};
  auto all = options();
  all.summaries = true;
  Families families(all);
  fill(families);
  for (const auto& family : families.registry().collect())
    EXPECT_THAT(document, HasSubstr("`" + family.name + "`"));
}

}  // namespace
}  // namespace infergraph::metrics
