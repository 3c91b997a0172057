// Flags and their variables: INFERGRAPH_NAME for --name.
#include "engine/command_line/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/command_line/flags.hpp"
#include "engine/command_line/invocation.hpp"

namespace infergraph::engine {
namespace {

using Kind = Invocation::Kind;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

using Words = std::vector<std::string>;
using Variables = Environment::Variables;

// With a graph file, so that nothing else is required.
Invocation read(Words args, Variables variables = {}) {
  args.insert(args.begin(), {"infergraph", "--file", "g.yaml"});
  std::vector<const char*> argv;
  argv.reserve(args.size());
  for (const std::string& arg : args) argv.push_back(arg.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(),
                            Environment(std::move(variables)));
}

// A value that the flag takes and that changes something.
std::string some_value(const Flag& flag) {
  for (const char* value : {"true", "false", "7", "70000", "1Mi", "7s", "0.5", "127.0.0.1", "v2",
                            "grpc", "kafka", "/some/where", "some-text"}) {
    Options options;
    if (flag.set(options, value).empty() && options != Options{}) return value;
  }
  ADD_FAILURE() << "no value for --" << flag.name << ": add one to the list above";
  return "";
}

// A value that it doesn't take; nothing when it takes any.
std::optional<std::string> bad_value(const Flag& flag) {
  for (const char* value : {"no-such-thing", "-1"}) {
    Options options;
    if (!flag.set(options, value).empty()) return value;
  }
  return std::nullopt;
}

TEST(Settings, EveryFlagHasAVariable) {
  for (const Flag& flag : flags()) {
    const std::string value = some_value(flag);
    Options by_flag;
    Options by_variable;
    Words notices;
    Settings settings;
    const Arguments::Flag given[] = {{flag.name, value}};
    EXPECT_EQ(settings.apply_flags(given, by_flag), "");
    settings = {};
    EXPECT_EQ(settings.apply_variables(Environment(Variables{{flag.variable(), value}}),
                                       by_variable, notices),
              "");
    EXPECT_EQ(by_flag, by_variable) << flag.name;
    EXPECT_THAT(notices, IsEmpty());
    EXPECT_EQ(settings.source(flag.name), Settings::Source::kVariable);
    EXPECT_EQ(settings.told(flag.name), flag.variable());
    EXPECT_EQ(settings.value(flag.name), value);
  }
}

TEST(Settings, TheFlagWins) {
  for (const Flag& flag : flags()) {
    const std::string value = some_value(flag);
    Options by_flag;
    Options by_both;
    Words notices;
    Settings settings;
    const Arguments::Flag given[] = {{flag.name, value}};
    EXPECT_EQ(settings.apply_flags(given, by_flag), "");
    EXPECT_EQ(settings.apply_flags(given, by_both), "");
    EXPECT_EQ(settings.apply_variables(Environment(Variables{{flag.variable(), "no-such-thing"}}),
                                       by_both, notices),
              "");
    EXPECT_EQ(by_flag, by_both) << flag.name;
    EXPECT_THAT(notices,
                ElementsAre(flag.variable() + " is ignored, since --" + flag.name + " is given"));
    notices.clear();
    settings.apply_variables(Environment(Variables{{flag.variable(), value}}), by_both, notices);
    EXPECT_THAT(notices, IsEmpty()) << "both say the same";
  }
}

// As the operator makes variables of annotations: docs/wire/graph.md §7.
TEST(Settings, AnnotationsReachEveryVariable) {
  for (const Flag& flag : flags()) {
    std::string annotation = "seldon.io/engine-infergraph-" + flag.name;
    std::replace(annotation.begin(), annotation.end(), '_', '-');
    std::string variable = annotation.substr(std::string("seldon.io/engine-").size());
    std::replace(variable.begin(), variable.end(), '-', '_');
    std::transform(variable.begin(), variable.end(), variable.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    EXPECT_EQ(variable, flag.variable());
  }
}

TEST(Settings, ABadValueOfAVariableIsToldLikeAFlags) {
  int bad = 0;
  for (const Flag& flag : flags()) {
    const auto value = bad_value(flag);
    if (!value) continue;
    ++bad;
    const Invocation made = read({}, {{flag.variable(), *value}});
    EXPECT_EQ(made.kind, Kind::kError) << flag.name;
    EXPECT_EQ(made.exit_code, 2);
    EXPECT_THAT(made.text, AllOf(StartsWith("infergraph: " + flag.variable() + ": \"" + *value +
                                            "\" must be "),
                                 HasSubstr("infergraph --help")));
    EXPECT_EQ(made.text.find('\n'), made.text.size() - 1) << made.text;
  }
  EXPECT_GT(bad, 15);
}

// What a graph gives the engine is judged as the engine will.
TEST(Settings, AFaultOfAVariableIsKnownBeforeTheStart) {
  EXPECT_EQ(variable_fault("INFERGRAPH_IDLE_TIMEOUT", "30s"), "");
  EXPECT_EQ(variable_fault("INFERGRAPH_IDLE_TIMEOUT", ""), "");  // by valueFrom
  EXPECT_THAT(variable_fault("INFERGRAPH_IDLE_TIMEOUT", "bogus"),
              HasSubstr("is \"bogus\", with which the engine doesn't start: it must be"));
  EXPECT_THAT(variable_fault("INFERGRAPH_MAX_CONECTIONS", "5"),
              HasSubstr("is no setting of this release; did you mean"));
  EXPECT_EQ(variable_fault("INFERGRAPH_SERVICE_HOST", "10.0.0.1"), "");
  EXPECT_EQ(variable_fault("INFERGRAPH_PORT", "tcp://10.0.0.1:80"), "");
}

TEST(Settings, ABadValueStaysOneLine) {
  const Invocation made = read({}, {{"INFERGRAPH_THREADS", "7\n8\x1b[31m"}});
  EXPECT_THAT(made.text, StartsWith("infergraph: INFERGRAPH_THREADS: \"7?8?[31m\" must be "));
}

TEST(Settings, AnEmptyVariableIsNone) {
  for (const Flag& flag : flags()) {
    const Invocation made = read({}, {{flag.variable(), ""}});
    EXPECT_EQ(made.kind, Kind::kServe) << made.text;
    EXPECT_EQ(made.options, read({}).options) << flag.name;
    EXPECT_THAT(made.notices, IsEmpty());
  }
}

TEST(Settings, AVariableBeatsTheOlderOnes) {
  const Variables older = {{"SELDON_LOG_LEVEL", "ERROR"},
                           {"SELDON_DEBUG", "true"},
                           {"GOMAXPROCS", "3"},
                           {"POD_NAME", "pod"}};
  Variables both = older;
  both.insert({{"INFERGRAPH_LOG_LEVEL", "DEBUG"},
               {"INFERGRAPH_DEBUG", "false"},
               {"INFERGRAPH_THREADS", "5"},
               {"INFERGRAPH_HOSTNAME", "host"}});
  const Options made = read({}, both).options;
  EXPECT_EQ(made.log_level, "DEBUG");
  EXPECT_FALSE(made.debug);
  EXPECT_EQ(made.threads, 5);
  EXPECT_EQ(made.hostname, "host");
  both["INFERGRAPH_THREADS"] = "0";
  EXPECT_EQ(read({}, both).options.threads, 3) << "0 is what asks for it";
  EXPECT_EQ(read({"--log_level", "WARNING"}, both).options.log_level, "WARNING");
}

TEST(Settings, WhatFollowsFromAFlagFollowsFromItsVariable) {
  EXPECT_TRUE(read({}, {{"INFERGRAPH_PROTOCOL", "v2"}}).options.protocol_given);
  EXPECT_TRUE(
      read({}, {{"INFERGRAPH_GRPC_MAX_MESSAGE_SIZE", "1Mi"}}).options.grpc_max_message_size_given);
  EXPECT_EQ(read({}, {{"INFERGRAPH_MAX_BODY_BYTES", "100"}}).options.max_response_bytes, 100U);
  EXPECT_EQ(read({}, {{"INFERGRAPH_MAX_BODY_BYTES", "100"}, {"INFERGRAPH_MAX_RESPONSE_BYTES", "7"}})
                .options.max_response_bytes,
            7U);
  EXPECT_THAT(read({}, {{"INFERGRAPH_KAFKA_WORKERS", "9"}}).notices,
              ElementsAre("INFERGRAPH_KAFKA_WORKERS has no effect in this release"));
}

TEST(Settings, ThePortsOfFlagsBeatThoseOfVariables) {
  struct Case {
    Words flags;
    Variables variables;
    int http_port;
    int grpc_port;
    bool one_port;
    std::string notice;
  };
  const Case cases[] = {
      {{}, {{"INFERGRAPH_HTTP_PORT", "1"}, {"INFERGRAPH_GRPC_PORT", "2"}}, 1, 2, false, ""},
      {{}, {{"INFERGRAPH_PORT", "1"}}, 1, 5001, true, ""},
      {{"--port", "1"}, {{"INFERGRAPH_GRPC_PORT", "2"}}, 1, 2, false, ""},
      {{"--port", "1"},
       {{"INFERGRAPH_HTTP_PORT", "2"}},
       1,
       5001,
       true,
       "INFERGRAPH_HTTP_PORT is ignored, since --port is given"},
      {{"--http_port", "1", "--grpc_port", "2"},
       {{"INFERGRAPH_PORT", "3"}},
       1,
       2,
       false,
       "INFERGRAPH_PORT is ignored, since --http_port is given"},
      {{"--http_port", "1", "--port", "3"},
       {},
       1,
       5001,
       false,
       "--port is ignored, since --http_port is given"},
      {{},
       {{"INFERGRAPH_HTTP_PORT", "1"}, {"INFERGRAPH_PORT", "3"}},
       1,
       5001,
       false,
       "INFERGRAPH_PORT is ignored, since INFERGRAPH_HTTP_PORT is given"}};
  for (const Case& one : cases) {
    const Invocation made = read(one.flags, one.variables);
    EXPECT_EQ(made.options.http_port, one.http_port);
    EXPECT_EQ(made.options.grpc_port, one.grpc_port);
    EXPECT_EQ(made.options.one_port, one.one_port);
    EXPECT_EQ(made.notices, one.notice.empty() ? Words{} : Words{one.notice});
  }
}

TEST(Settings, AreWarnedOfWhereTheyAreNone) {
  EXPECT_THAT(read({}, {{"INFERGRAPH_MAX_CONECTIONS", "5"}, {"INFERGRAPH_WHATEVER", "5"}}).notices,
              ElementsAre("INFERGRAPH_MAX_CONECTIONS is no setting of this release; did you mean "
                          "\"INFERGRAPH_MAX_CONNECTIONS\"?",
                          "INFERGRAPH_WHATEVER is no setting of this release"));
  EXPECT_THAT(read({}, {{"INFERGRAPH", "x"}, {"INFERGRAPHS_X", "x"}, {"SELDON_X", "x"}}).notices,
              IsEmpty());
  Variables many;
  for (int i = 0; i < 100; ++i) many["INFERGRAPH_UNKNOWN_" + std::to_string(i)] = "x";
  EXPECT_THAT(read({}, many).notices,
              AllOf(SizeIs(11), Contains(HasSubstr("90 more variables INFERGRAPH_"))));
}

// A Service called infergraph, or infergraph-http, puts these into every pod of its namespace.
TEST(Settings, LinksToServicesAreNone) {
  const Variables links = {{"INFERGRAPH_SERVICE_HOST", "10.0.0.1"},
                           {"INFERGRAPH_SERVICE_PORT", "8000"},
                           {"INFERGRAPH_SERVICE_PORT_HTTP", "8000"},
                           {"INFERGRAPH_PORT", "tcp://10.0.0.1:8000"},
                           {"INFERGRAPH_PORT_8000_TCP", "tcp://10.0.0.1:8000"},
                           {"INFERGRAPH_PORT_8000_TCP_PROTO", "tcp"},
                           {"INFERGRAPH_PORT_8000_TCP_PORT", "8000"},
                           {"INFERGRAPH_PORT_8000_TCP_ADDR", "10.0.0.1"},
                           {"INFERGRAPH_HTTP_SERVICE_HOST", "10.0.0.2"},
                           {"INFERGRAPH_HTTP_PORT", "tcp://10.0.0.2:80"},
                           {"INFERGRAPH_HTTP_PORT_80_TCP_ADDR", "10.0.0.2"},
                           {"INFERGRAPH_GRPC_PORT", "udp://[fd00::1]:5001"},
                           {"INFERGRAPH_GRPC_PORT_5001_SCTP_PORT", "5001"},
                           {"INFERGRAPH_A_PORT_B_PORT_1_UDP", "udp://10.0.0.3:1"}};
  const Invocation made = read({}, links);
  EXPECT_EQ(made.kind, Kind::kServe) << made.text;
  EXPECT_EQ(made.options, read({}).options);
  EXPECT_THAT(made.notices, IsEmpty());
  for (const auto& [name, value] : links) EXPECT_TRUE(is_service_link(name, value)) << name;
}

TEST(Settings, HaveNoNameThatALinkCouldHave) {
  for (const Flag& flag : flags()) EXPECT_FALSE(is_service_link(flag.variable(), "8000"));
  for (const char* name : {"INFERGRAPH_PORT", "INFERGRAPH_PORT_", "INFERGRAPH_PORT_8000",
                           "INFERGRAPH_PORT_8000_", "INFERGRAPH_PORT__TCP", "INFERGRAPH_PORT_X_TCP",
                           "INFERGRAPH_PORT_8000_TCP_MORE", "INFERGRAPH_PORT_8000_QUIC"}) {
    EXPECT_FALSE(is_service_link(name, "8000")) << name;
  }
}

TEST(Environment, IsTheProcesss) {
  EXPECT_TRUE(process_environment()("PATH").has_value());
  EXPECT_EQ(process_environment()("INFERGRAPH_NO_SUCH_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace infergraph::engine
