#include "engine/tools/stub/seldon/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/tfserving/server.hpp"
#include "engine/tools/stub/v2/server.hpp"
#include "tensorflow_serving/predict.pb.h"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

graph::NodeSpec router() {
  graph::NodeSpec node;
  node.name = "r";
  node.type = graph::NodeType::kRouter;
  node.children = {1, 2, 3};
  return node;
}

StubSettings settings(const std::string& key, const std::string& value) {
  StubSettings made;
  EXPECT_EQ(set_stub(made, key, value), "");
  return made;
}

StubNode::Reply ask(StubNode& stub, std::string_view path,
                    const std::string& body = R"({"strData":"x"})",
                    std::string_view verb = "POST") {
  HttpRequest request;
  request.verb = verb;
  request.path = path;
  request.body = protocol::Payload::json(body);
  return stub.reply(request);
}

std::string route_of(StubNode& stub) {
  return std::string(ask(stub, "/route", R"({"data":{}})").response.body.bytes());
}

TEST(StubNode, ATransformerAnswersTheValuesOfItsMessage) {
  StubNode stub(router(), {}, 1);
  for (const char* path : {"/transform-input", "/transform-output"}) {
    const auto reply = ask(stub, path, "{ \"strData\" : \"<&>\" }");
    EXPECT_EQ(reply.response.body.bytes(), "{\"meta\":{},\"strData\":\"<&>\"}\n");
    EXPECT_EQ(reply.response.body.content_type(), "application/json");
  }
}

TEST(StubNode, RoutesAsItIsTold) {
  StubNode fixed(router(), settings("route", "2"), 1);
  EXPECT_THAT(route_of(fixed), HasSubstr("[[2]]"));
  StubNode all(router(), settings("route", "-1"), 1);
  EXPECT_THAT(route_of(all), HasSubstr("[[-1]]"));

  StubNode in_turn(router(), settings("route", "round_robin"), 1);
  for (const char* branch : {"[[0]]", "[[1]]", "[[2]]", "[[0]]"}) {
    EXPECT_THAT(route_of(in_turn), HasSubstr(branch));
  }

  StubNode random(router(), settings("route", "random"), 1);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(route_of(random));
  EXPECT_EQ(seen.size(), 3U);
}

TEST(StubNode, FailsAsOftenAsItIsTold) {
  StubNode stub(router(), settings("error_rate", "0.25"), 1);
  int failed = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto reply = ask(stub, "/transform-input");
    if (reply.response.status != 500) continue;
    ++failed;
    EXPECT_THAT(std::string(reply.response.body.bytes()), HasSubstr("MICROSERVICE_INTERNAL_ERROR"));
  }
  EXPECT_NEAR(failed, 500, 100);
  EXPECT_EQ(stub.counts().errors, static_cast<std::uint64_t>(failed));
  // Who waits for the node to be ready isn't hit.
  StubNode broken(router(), settings("error_rate", "1"), 1);
  EXPECT_EQ(ask(broken, "/health/status", "", "GET").response.status, 200);
  EXPECT_EQ(ask(broken, "/route").response.status, 500);
}

TEST(StubNode, DelaysWithinTheJitter) {
  StubSettings slow = settings("latency", "20ms");
  ASSERT_EQ(set_stub(slow, "jitter", "5ms"), "");
  StubNode stub(router(), slow, 1);
  auto least = milliseconds(1000) + std::chrono::nanoseconds(0);
  auto most = std::chrono::nanoseconds(0);
  for (int i = 0; i < 500; ++i) {
    const auto delay = ask(stub, "/transform-input").delay;
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, milliseconds(15));
  EXPECT_LE(most, milliseconds(25));
  EXPECT_GT(most - least, milliseconds(5));
  EXPECT_EQ(ask(stub, "/metadata", "", "GET").delay.count(), 0);

  StubSettings early = settings("latency", "1ms");
  ASSERT_EQ(set_stub(early, "jitter", "1s"), "");
  StubNode never_negative(router(), early, 1);
  for (int i = 0; i < 50; ++i) EXPECT_GE(ask(never_negative, "/route").delay.count(), 0);
}

TEST(StubNode, AnswersTheGivenPayload) {
  StubNode body(router(), settings("payload", R"({"strData":"fixed"})"), 1);
  for (const char* path : {"/predict", "/transform-input", "/transform-output", "/aggregate"}) {
    EXPECT_EQ(ask(body, path).response.body.bytes(), R"({"strData":"fixed"})");
  }
  EXPECT_THAT(route_of(body), HasSubstr("ndarray"));
  EXPECT_THAT(std::string(ask(body, "/send-feedback", "{}").response.body.bytes()),
              HasSubstr(R"("shape":[0])"));
  StubNode text(router(), settings("payload", "plain"), 1);
  EXPECT_EQ(ask(text, "/predict").response.body.content_type(), "application/octet-stream");
}

TEST(StubNode, KnowsEveryPathOfAComponent) {
  StubNode stub(router(), {}, 1);
  const std::string message = R"({"strData":"x"})";
  for (const char* path : {"/predict", "/api/v1.0/predictions", "/api/v0.1/predictions", "/route",
                           "/transform-input", "/transform-output"}) {
    EXPECT_EQ(ask(stub, path, message).response.status, 200) << path;
  }
  for (const char* path : {"/send-feedback", "/api/v1.0/feedback", "/api/v0.1/feedback"}) {
    EXPECT_EQ(ask(stub, path, "{}").response.status, 200) << path;
  }
  EXPECT_EQ(ask(stub, "/aggregate", "[" + message + "]").response.status, 200);
  for (const char* path : {"/health/status", "/api/v1.0/health/status", "/metadata",
                           "/api/v1.0/metadata", "/health/ping"}) {
    EXPECT_EQ(ask(stub, path, "", "GET").response.status, 200) << path;
  }
  EXPECT_EQ(ask(stub, "/health/ping", "", "GET").response.body.bytes(), "pong");
  EXPECT_EQ(stub.counts().calls[static_cast<int>(protocol::Method::kPredict)], 3U);
  EXPECT_EQ(stub.counts().calls[static_cast<int>(protocol::Method::kSendFeedback)], 3U);
  EXPECT_EQ(stub.counts().total(), 16U);
  EXPECT_EQ(stub.counts().errors, 0U);
}

TEST(StubNode, AnswersAnUnknownPathAsTheWrapperDoes) {
  StubNode stub(router(), {}, 1);
  const auto reply = ask(stub, "/nope");
  EXPECT_EQ(reply.response.status, 500);
  EXPECT_THAT(std::string(ask(stub, "/nope", "", "GET").response.body.bytes()),
              HasSubstr("404 Not Found: "));
  EXPECT_THAT(std::string(reply.response.body.bytes()), HasSubstr("405 Method Not Allowed: "));
  EXPECT_EQ(ask(stub, "/predict", "{}", "DELETE").response.status, 500);
  EXPECT_EQ(stub.counts().other, 3U);
  const auto options = ask(stub, "/predict", "", "OPTIONS");
  EXPECT_EQ(options.response.status, 200);
  EXPECT_EQ(options.allow, "GET, POST, OPTIONS, HEAD");
}

TEST(StubNode, AModelServerRoutesAndCombinesToo) {
  StubNode tensorflow(router(), settings("route", "2"), 1,
                      std::make_unique<TfServing>(std::vector<std::string>{"r"}, nullptr));
  StubNode v2(router(), settings("route", "2"), 1,
              std::make_unique<V2Server>(std::vector<std::string>{"r"}, nullptr));
  const std::pair<StubNode*, std::string> cases[] = {{&tensorflow, "/v1/models/r:"},
                                                     {&v2, "/v2/models/r/"}};
  for (const auto& [stub, path] : cases) {
    EXPECT_EQ(ask(*stub, path + "route").response.body.bytes(), "[2]");
    EXPECT_EQ(ask(*stub, path + "aggregate", R"([{"a": 1.0}, {"a":2}])").response.body.bytes(),
              R"({"a": 1.0})");
    const auto refused = ask(*stub, path + "aggregate", "{}").response;
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(std::string(refused.body.bytes()), HasSubstr("error"));
    EXPECT_EQ(stub->counts().calls[static_cast<int>(protocol::Method::kAggregate)], 2U);
    EXPECT_EQ(stub->counts().errors, 1U);
    ask(*stub, "/elsewhere");
    EXPECT_EQ(stub->counts().other, 1U);
  }
}

TEST(StubNode, AModelServerFailsInItsOwnWords) {
  StubNode stub(router(), settings("error_rate", "1"), 1,
                std::make_unique<TfServing>(std::vector<std::string>{"r"}, nullptr));
  const auto reply = ask(stub, "/v1/models/r:predict", R"({"instances":[1]})");
  EXPECT_EQ(reply.response.status, 500);
  EXPECT_EQ(reply.status.code, protocol::GrpcCode::kInternal);
  EXPECT_EQ(reply.response.body.bytes(),
            "{\n    \"error\": \"injected error of the stand-in for r\"\n}");
  EXPECT_EQ(ask(stub, "/v1/models/r", "", "GET").response.status, 200);
}

TEST(StubNode, AModelServerAnswersTheGivenPayloadOverBothTransports) {
  StubSettings fixed = settings("payload", R"({"outputs":{"y":[1.5]}})");
  fixed.personality = protocol::Protocol::kTensorflow;
  StubNode stub(router(), fixed, 1,
                std::make_unique<TfServing>(std::vector<std::string>{"r"}, nullptr));
  EXPECT_EQ(ask(stub, "/v1/models/r:predict").response.body.bytes(), *fixed.payload);
  HttpRequest request;
  request.verb = "POST";
  request.path = "/tensorflow.serving.PredictionService/Predict";
  request.body = protocol::Payload::proto("");
  const auto reply = stub.reply(request);
  ASSERT_EQ(reply.status.code, protocol::GrpcCode::kOk) << reply.status.message;
  tensorflow::serving::PredictResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(reply.response.body.bytes())));
  EXPECT_EQ(response.outputs().count("y"), 1U);
}

TEST(StubSettings, ReadsPersonalitiesAndModels) {
  EXPECT_EQ(settings("personality", "tfserving").personality, protocol::Protocol::kTensorflow);
  EXPECT_EQ(settings("personality", "v2").personality, protocol::Protocol::kV2);
  EXPECT_EQ(settings("personality", "seldon").personality, protocol::Protocol::kSeldon);
  EXPECT_EQ(settings("models", "a,b").models, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(settings("weights", "4x3").weights->inputs(), 4U);
  EXPECT_EQ(settings("weights", "4x3").weights->outputs(), 3U);
}

TEST(StubSettings, ParametersThenStarThenTheNode) {
  graph::NodeSpec node = router();
  node.parameters = {{"stub_latency", "1ms", "STRING"},
                     {"stub_route", "1", "INT"},
                     {"stub_error_rate", "0.5", "FLOAT"},
                     {"epsilon", "0.1", "FLOAT"}};
  std::vector<StubOverride> overrides;
  ASSERT_EQ(read_override("r.latency=3ms", overrides), "");
  ASSERT_EQ(read_override("*.latency=2ms", overrides), "");
  ASSERT_EQ(read_override("*.error_rate=0", overrides), "");
  ASSERT_EQ(read_override("other.route=9", overrides), "");
  std::vector<std::string> problems;
  const StubSettings made = stub_settings_of(node, overrides, problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(made.latency, milliseconds(3));
  EXPECT_EQ(made.error_rate, 0);
  EXPECT_EQ(made.route, 1);

  node.parameters = {{"stub_latency", "soon", "STRING"}};
  stub_settings_of(node, {}, problems);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_THAT(problems[0], HasSubstr("stub_latency"));
}

TEST(StubSettings, SaysWhatIsWrongWithAnOverride) {
  std::vector<StubOverride> into;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"latency=1ms", "NODE.key=value"},
      {"a.latency", "NODE.key=value"},
      {"a.latency=fast", "no duration"},
      {"a.error_rate=2", "from 0 to 1"},
      {"a.route=left", "branch"},
      {"a.colour=red", "none of latency"},
      {"a.payload=@/no/file", "can't be read: No such file or directory"},
      {"a.payload=@/", "can't be read: it is a directory"},
      {"a.payload=@/proc/self/mem", "can't be read: "},
      {"a.payload=1", "too small"},
      {"a.personality=triton", "none of seldon, tfserving, v2"},
      {"a.models=a,,b", "no list of names"},
      {"a.weights=0x3", "no size of a model"},
      {"a.weights=99999999x99999999", "no size of a model"},
      {"a.weights=/no/file", "can't be read: No such file or directory"},
      {"a.weights=/", "can't be read: it is a directory"},
  };
  for (const auto& [text, told] : cases) EXPECT_THAT(read_override(text, into), HasSubstr(told));
  EXPECT_TRUE(into.empty());
  // A value may hold dots and equals signs.
  EXPECT_EQ(read_override(R"(a.payload={"strData":"x.y=z"})", into), "");
  EXPECT_EQ(into.at(0).node, "a");
  EXPECT_EQ(into.at(0).value, R"({"strData":"x.y=z"})");
}

TEST(PayloadOfSize, IsAMessageOfExactlyThatSize) {
  for (const std::size_t bytes : {2U, 3U, 25U, 26U, 27U, 28U, 29U, 30U, 31U, 32U, 33U, 34U, 35U,
                                  100U, 101U, 102U, 103U, 100'000U}) {
    const std::string made = payload_of_size(bytes);
    EXPECT_EQ(made.size(), bytes);
    rapidjson::Document read;
    EXPECT_TRUE(parse_json(made, read)) << made;
  }
  EXPECT_EQ(settings("payload", "64KiB").payload->size(), 65536U);
  EXPECT_EQ(settings("payload", "2KB").payload->size(), 2000U);
}

}  // namespace
}  // namespace infergraph::engine
