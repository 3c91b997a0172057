#include "engine/command_line/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/command_line/invocation.hpp"

namespace infergraph::engine {
namespace {

using Kind = Invocation::Kind;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

using Variables = Environment::Variables;

Invocation read(std::vector<std::string> args, Variables variables = {}) {
  args.insert(args.begin(), "infergraph");
  std::vector<const char*> argv;
  argv.reserve(args.size());
  for (const std::string& arg : args) argv.push_back(arg.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(),
                            Environment(std::move(variables)));
}

// With a graph file, so that nothing else is required.
Invocation read_with_file(std::vector<std::string> args, Variables variables = {}) {
  args.insert(args.begin(), {"--file", "g.yaml"});
  return read(std::move(args), std::move(variables));
}

Options options(std::vector<std::string> args, Variables variables = {}) {
  const Invocation made = read_with_file(std::move(args), std::move(variables));
  EXPECT_EQ(made.kind, Kind::kServe) << made.text;
  return made.options;
}

void expect_failure(const Invocation& made, int exit_code, const std::string& mention) {
  EXPECT_EQ(made.kind, Kind::kError);
  EXPECT_EQ(made.exit_code, exit_code);
  EXPECT_THAT(made.text, StartsWith("infergraph: "));
  EXPECT_THAT(made.text, HasSubstr(mention));
  EXPECT_EQ(made.text.find('\n'), made.text.size() - 1) << "one line: " << made.text;
  EXPECT_THAT(made.notices, IsEmpty()) << "one line, and no other";
}

TEST(Options, HaveTheReferencesDefaultsAndOurs) {
  const Options made = options({});
  EXPECT_EQ(made.http_port, 8000);
  EXPECT_EQ(made.grpc_port, 5001);
  EXPECT_EQ(made.prometheus_path, "/prometheus");
  EXPECT_EQ(made.graceful_timeout, milliseconds(15'000));
  EXPECT_EQ(made.shutdown_delay, milliseconds(0));
  EXPECT_EQ(made.protocol, "seldon");
  EXPECT_EQ(made.log_level, "INFO");
  EXPECT_EQ(made.cors_allowed_origins, "*");
  EXPECT_EQ(made.cors_allowed_headers,
            "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token");
  EXPECT_EQ(made.max_header_bytes, 65'536U);
  EXPECT_EQ(made.max_body_bytes, 134'217'728U);
  EXPECT_EQ(made.max_response_bytes, 134'217'728U);
  EXPECT_EQ(made.threads, 0);
  EXPECT_FALSE(made.inject_routing);
}

TEST(Options, TakeEveryFlagOfTheReference) {
  const Invocation made = read_with_file({"--config",
                                          "/c",
                                          "-sdep",
                                          "s",
                                          "--namespace=n",
                                          "--predictor",
                                          "p",
                                          "--http_port",
                                          "9000",
                                          "--grpc_port",
                                          "9500",
                                          "--graceful_timeout",
                                          "1m",
                                          "--shutdown_delay",
                                          "3s",
                                          "--protocol",
                                          "seldon",
                                          "--transport",
                                          "grpc",
                                          "--server_type",
                                          "rpc",
                                          "--hostname",
                                          "h",
                                          "--logger_workers",
                                          "1",
                                          "--log_work_buffer_size",
                                          "2",
                                          "--log_write_timeout_ms",
                                          "-3",
                                          "--prometheus_path",
                                          "/m",
                                          "--kafka_broker",
                                          "b",
                                          "--kafka_input_topic",
                                          "i",
                                          "--kafka_output_topic",
                                          "o",
                                          "--kafka_full_graph",
                                          "--kafka_workers",
                                          "5",
                                          "--kafka_auto_commit=false",
                                          "--log_kafka_broker",
                                          "lb",
                                          "--log_kafka_topic",
                                          "lt",
                                          "--full_health_checks",
                                          "--debug=T",
                                          "--log_level",
                                          "ERROR"});
  ASSERT_EQ(made.kind, Kind::kServe) << made.text;
  const Options& got = made.options;
  EXPECT_EQ(got.sdep + got.namespace_ + got.predictor, "snp");
  EXPECT_EQ(got.http_port, 9000);
  EXPECT_EQ(got.grpc_port, 9500);
  EXPECT_EQ(got.graceful_timeout, milliseconds(60'000));
  EXPECT_EQ(got.shutdown_delay, milliseconds(3'000));
  EXPECT_EQ(got.prometheus_path, "/m");
  EXPECT_EQ(got.transport, "grpc");
  EXPECT_EQ(got.hostname, "h");
  EXPECT_EQ(got.log_write_timeout_ms, -3);
  EXPECT_TRUE(got.kafka_full_graph);
  EXPECT_FALSE(got.kafka_auto_commit);
  EXPECT_EQ(got.log_kafka_broker + got.log_kafka_topic, "lblt");
  EXPECT_TRUE(got.full_health_checks);
  EXPECT_TRUE(got.debug);
  EXPECT_EQ(got.log_level, "ERROR");
}

TEST(Options, TakeOurOwnFlags) {
  const Options made = options({"--threads",
                                "3",
                                "--max_connections",
                                "20",
                                "--max_header_bytes",
                                "8192",
                                "--max_body_bytes",
                                "1Mi",
                                "--max_response_bytes",
                                "2Gi",
                                "--read_timeout",
                                "500ms",
                                "--progress_timeout",
                                "700ms",
                                "--idle_timeout",
                                "1s",
                                "--connect_timeout",
                                "3s",
                                "--dns_refresh",
                                "1m",
                                "--annotations_file",
                                "/a",
                                "--histogram_buckets",
                                "0.001,0.5,1e1",
                                "--metrics_summaries"});
  EXPECT_EQ(made.threads, 3);
  EXPECT_EQ(made.max_connections, 20);
  EXPECT_EQ(made.max_header_bytes, 8192U);
  EXPECT_EQ(made.max_body_bytes, 1'048'576U);
  EXPECT_EQ(made.max_response_bytes, std::size_t{2} << 30);
  EXPECT_EQ(made.read_timeout, milliseconds(500));
  EXPECT_EQ(made.progress_timeout, milliseconds(700));
  EXPECT_EQ(made.idle_timeout, milliseconds(1'000));
  EXPECT_EQ(made.connect_timeout, milliseconds(3'000));
  EXPECT_EQ(made.dns_refresh, milliseconds(60'000));
  EXPECT_EQ(made.annotations_file, "/a");
  EXPECT_THAT(made.histogram_buckets, ElementsAre(0.001, 0.5, 10));
  EXPECT_TRUE(made.metrics_summaries);
}

TEST(Options, ANodesAnswerMayBeAsLargeAsARequest) {
  EXPECT_EQ(options({"--max_body_bytes", "100"}).max_response_bytes, 100U);
  EXPECT_EQ(options({"--max_response_bytes", "7", "--max_body_bytes", "9"}).max_response_bytes, 7U);
}

TEST(Options, TheLastOfRepeatedFlagsWins) {
  EXPECT_EQ(options({"--http_port", "1", "-http_port=2"}).http_port, 2);
  EXPECT_FALSE(options({"--debug", "--debug=false"}).debug);
}

TEST(Options, ThePortOfOlderPodsIsThatOfRest) {
  EXPECT_EQ(options({"--port", "8001"}).http_port, 8001);
  EXPECT_EQ(options({"--port", "0"}).http_port, 0);
  const Invocation both = read_with_file({"--http_port", "8000", "--port", "8001"});
  EXPECT_EQ(both.options.http_port, 8000);
  EXPECT_THAT(both.notices, ElementsAre(HasSubstr("--port is ignored")));
}

TEST(Options, FailWithTwoOnWhatCannotBeRead) {
  const std::vector<std::string> cases[] = {{"--nonsense"},
                                            {"-q", "1"},
                                            {"---sdep", "x"},
                                            {"--http_port"},
                                            {"--http_port", ""},
                                            {"--http_port", "abc"},
                                            {"--http_port", "8000x"},
                                            {"--http_port", " 8000"},
                                            {"--http_port", "99999999999"},
                                            {"--port", "x"},
                                            {"--graceful_timeout", "15"},
                                            {"--graceful_timeout", "soon"},
                                            {"--graceful_timeout", "-1s"},
                                            {"--read_timeout", "0"},
                                            {"--read_timeout", "9000h"},
                                            {"--full_health_checks=maybe"},
                                            {"--debug=yes"},
                                            {"--debug="},
                                            {"--logger_workers", "1.5"},
                                            {"--threads", "-1"},
                                            {"--threads", "65"},
                                            {"--max_connections", "0"},
                                            {"--max_header_bytes", "255"},
                                            {"--max_body_bytes", "-1"},
                                            {"--max_body_bytes", "1MB"},
                                            {"--max_body_bytes", "9999999999Gi"},
                                            {"--max_response_bytes", ""},
                                            {"--histogram_buckets", ""},
                                            {"--histogram_buckets", "1,,2"},
                                            {"--histogram_buckets", "1,2,"},
                                            {"--histogram_buckets", "2,1"},
                                            {"--histogram_buckets", "1,1"},
                                            {"--histogram_buckets", "0,1"},
                                            {"--histogram_buckets", "1,inf"},
                                            {"--histogram_buckets", "1;2"}};
  for (const auto& args : cases) {
    const std::string name = args[0].substr(args[0].find_first_not_of('-'));
    const Invocation made = read_with_file(args);
    expect_failure(made, 2, name.substr(0, name.find('=')));
    EXPECT_THAT(made.text, HasSubstr("infergraph --help"));
  }
}

TEST(Options, AreRequiredInTheReferencesOrder) {
  expect_failure(read({}), 1, "Required argument sdep missing");
  expect_failure(read({"--predictor", "p", "--protocol", "soap"}), 1,
                 "Required argument sdep missing");
  expect_failure(read({"--sdep", "s"}), 1, "Required argument namespace missing");
  expect_failure(read({"--sdep", "s", "--namespace", "n"}), 1,
                 "Required argument predictor missing");
  EXPECT_EQ(read({"--sdep", "s", "--namespace", "n", "--predictor", "p"}).kind, Kind::kServe);
  // With the way out that there is.
  expect_failure(read({"--sdep", "s"}), 1, "infergraph serve FILE");
  expect_failure(read({"--sdep", "s"}, {{"ENGINE_PREDICTOR", "e30="}}), 1,
                 "the graph of ENGINE_PREDICTOR needs --sdep, --namespace and --predictor");
}

TEST(Options, FailWithOneOnWhatCannotBeServed) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--protocol", "soap"}, "Protocol must be seldon, tensorflow or v2"},
      {{"--protocol", ""}, "Protocol must be seldon, tensorflow or v2"},
      {{"--protocol", "seldon,soap"}, "Protocol must be seldon, tensorflow or v2"},
      {{"--protocol", "v2,"}, "Protocol must be seldon, tensorflow or v2: --protocol is \"v2,\""},
      {{"--transport", "udp"}, "Only rest and grpc supported: --transport is \"udp\""},
      {{"--server_type", "kafka"}, "kafka"},
      {{"--http_port", "65536"}, "Port 65536 of --http_port"},
      {{"--http_port", "-1"}, "Port -1 of --http_port"},
      {{"--grpc_port", "70000"}, "Port 70000 of --grpc_port"},
      {{"--port", "70000"}, "Port 70000 of --port"},
      {{"--port", "70000", "--http_port", "1"}, "Port 70000"},
      {{"--http_port", "9000", "--grpc_port", "9000"}, "--port 9000"},
      {{"--grpc_port", "8000"}, "Port 8000 is given to REST and to gRPC"},
      {{"--port", "9000", "--grpc_port", "9000"}, "without --http_port and --grpc_port"},
      {{"--prometheus_path", "metrics"}, "\"metrics\""},
      {{"--sdep", "a\r\nSet-Cookie: b"}, "sdep has control characters"}};
  for (const auto& [args, mention] : cases) expect_failure(read_with_file(args), 1, mention);
}

TEST(Options, RefuseTlsRatherThanServeInTheClear) {
  expect_failure(read_with_file({}, {{"SELDON_CERT_MOUNT_PATH", "/cert/"}}), 1,
                 "SELDON_CERT_MOUNT_PATH");
  EXPECT_EQ(read_with_file({}, {{"SELDON_CERT_MOUNT_PATH", ""}}).kind, Kind::kServe);
}

TEST(Options, HaveDefaultsFromTheEnvironment) {
  const Variables variables = {{"SELDON_LOG_LEVEL", "ERROR"},
                               {"SELDON_DEBUG", "1"},
                               {"GOMAXPROCS", "3"},
                               {"POD_NAME", "pod-1"},
                               {"CORS_ALLOWED_ORIGINS", "https://a.example"},
                               {"CORS_ALLOWED_HEADERS", ""},
                               {"SELDON_ENABLE_ROUTING_INJECTION", "false"},
                               {"REQUEST_LOGGER_DEFAULT_ENDPOINT", "http://default-broker"}};
  const Options made = options({}, variables);
  EXPECT_EQ(made.log_level, "ERROR");
  EXPECT_TRUE(made.debug);
  EXPECT_EQ(made.threads, 3);
  EXPECT_EQ(made.hostname, "pod-1");
  EXPECT_EQ(made.cors_allowed_origins, "https://a.example");
  EXPECT_EQ(made.cors_allowed_headers, "");
  EXPECT_TRUE(made.inject_routing) << "any text turns it on, as in the reference";
  EXPECT_EQ(made.logger_endpoint, "http://default-broker");

  const Options over = options(
      {"--log_level", "DEBUG", "--debug=false", "--threads", "5", "--hostname", "h"}, variables);
  EXPECT_EQ(over.log_level, "DEBUG");
  EXPECT_FALSE(over.debug);
  EXPECT_EQ(over.threads, 5);
  EXPECT_EQ(over.hostname, "h");
}

TEST(Options, IgnoreABadEnvironment) {
  const Invocation made = read_with_file(
      {}, {{"SELDON_DEBUG", "maybe"}, {"GOMAXPROCS", "many"}, {"SELDON_LOG_LEVEL", "loud"}});
  EXPECT_EQ(made.kind, Kind::kServe);
  EXPECT_FALSE(made.options.debug);
  EXPECT_EQ(made.options.threads, 0);
  EXPECT_EQ(made.options.log_level, "INFO");
  EXPECT_THAT(made.notices, ElementsAre(HasSubstr("SELDON_DEBUG=maybe"),
                                        HasSubstr("SELDON_LOG_LEVEL: \"loud\"")));
  EXPECT_THAT(read_with_file({"--log_level", "loud"}).notices,
              ElementsAre(HasSubstr("--log_level: \"loud\"")));
  EXPECT_THAT(read_with_file({}, {{"INFERGRAPH_LOG_LEVEL", "loud"}}).notices,
              ElementsAre(HasSubstr("INFERGRAPH_LOG_LEVEL: \"loud\"")));
  for (const char* threads : {"0", "-2", "2x", ""}) {
    EXPECT_EQ(options({}, {{"GOMAXPROCS", threads}}).threads, 0) << threads;
  }
}

TEST(Options, KeepLineBreaksOutOfHeaders) {
  EXPECT_EQ(options({}, {{"CORS_ALLOWED_ORIGINS", "a\r\nX-Evil: 1\n"}}).cors_allowed_origins,
            "a  X-Evil: 1");
}

// The reference takes WARN for INFO.
TEST(Options, WarnMeansWarning) {
  EXPECT_EQ(options({"--log_level", "WARN"}).log_level, "WARNING");
  EXPECT_EQ(options({}, {{"SELDON_LOG_LEVEL", "WARN"}}).log_level, "WARNING");
  EXPECT_EQ(options({"--log_level", "debug"}).log_level, "INFO");
}

TEST(Options, NoticeFlagsWithoutEffectUnlessTheySayWhatIsSo) {
  // As the operator writes them.
  EXPECT_THAT(read_with_file({"--grpc_port", "5001", "--transport", "rest", "--server_type", "rpc",
                              "--log_work_buffer_size", "10000", "--log_write_timeout_ms", "2000",
                              "--full_health_checks=false"})
                  .notices,
              IsEmpty());
  EXPECT_THAT(read_with_file({"--config", "/kube", "--kafka_workers", "9"}).notices,
              ElementsAre(HasSubstr("--config has no effect"), HasSubstr("--kafka_workers")));
  EXPECT_THAT(read_with_file({"--debug", "graph.yaml", "--nonsense"}).notices,
              ElementsAre(HasSubstr("\"graph.yaml\"")));
}

graph::DeploymentSpec deployment(const std::vector<std::string>& predictors) {
  graph::DeploymentSpec made;
  made.name = "from-file";
  for (const std::string& name : predictors) made.predictors.emplace_back().name = name;
  return made;
}

TEST(CompleteFrom, TakesTheNamesOfTheFile) {
  Options got = options({});
  graph::DeploymentSpec file = deployment({"main"});
  EXPECT_EQ(complete_from(got, file), std::nullopt);
  EXPECT_EQ(got.sdep, "from-file");
  EXPECT_EQ(got.namespace_, "default");
  EXPECT_EQ(got.predictor, "main");

  got = options({"--sdep", "s", "--namespace", "n"});
  file.namespace_ = "other";
  EXPECT_EQ(complete_from(got, file), std::nullopt);
  EXPECT_EQ(got.sdep + got.namespace_, "sn");
  got = options({});
  EXPECT_EQ(complete_from(got, file), std::nullopt);
  EXPECT_EQ(got.namespace_, "other");
}

TEST(CompleteFrom, WantsOneOfSeveralPredictorsChosen) {
  const graph::DeploymentSpec file = deployment({"main", "canary"});
  Options got = options({});
  EXPECT_THAT(complete_from(got, file).value_or(""), HasSubstr("main, canary"));
  got = options({"--predictor", "canary"});
  EXPECT_EQ(complete_from(got, file), std::nullopt);
  EXPECT_EQ(got.predictor, "canary");
  got = options({"--predictor", "third"});
  EXPECT_THAT(
      complete_from(got, file).value_or(""),
      testing::AllOf(HasSubstr("\"third\""), HasSubstr("main, canary"), HasSubstr("g.yaml")));
}

TEST(CompleteFrom, WantsAName) {
  graph::DeploymentSpec file = deployment({"main"});
  file.name = "";
  Options got = options({});
  EXPECT_THAT(complete_from(got, file).value_or(""), HasSubstr("--sdep"));
  file.name = "a\nb";
  EXPECT_THAT(complete_from(got = options({}), file).value_or(""), HasSubstr("control characters"));
}

TEST(CompleteFrom, TakesTheProtocolOfTheFileUnlessAFlagGivesOne) {
  graph::DeploymentSpec file = deployment({"main"});
  file.protocol = "v2";
  Options got = options({});
  EXPECT_EQ(complete_from(got, file), std::nullopt);
  EXPECT_EQ(got.protocol, "v2");
  got = options({"--protocol", "seldon"});
  EXPECT_EQ(complete_from(got, file), std::nullopt);
  EXPECT_EQ(got.protocol, "seldon");
  file.protocol = "soap";
  EXPECT_THAT(complete_from(got = options({}), file).value_or(""), HasSubstr("spec.protocol must"));
}

TEST(ReadProtocols, ListsEachOnceInOrder) {
  using enum protocol::Protocol;
  EXPECT_THAT(read_protocols("v2,seldon,kfserving").value(), testing::ElementsAre(kV2, kSeldon));
  EXPECT_THAT(read_protocols("tensorflow").value(), testing::ElementsAre(kTensorflow));
  EXPECT_FALSE(read_protocols(""));
  EXPECT_FALSE(read_protocols("seldon,"));
  EXPECT_FALSE(read_protocols("Seldon"));
}

}  // namespace
}  // namespace infergraph::engine
