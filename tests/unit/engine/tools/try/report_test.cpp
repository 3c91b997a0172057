#include "engine/tools/try/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "engine/tools/check/command.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/tree_printer.hpp"
#include "engine/tools/try/message.hpp"

namespace infergraph::engine {
namespace {

using graph::NodeType;
using protocol::Method;
using protocol::Payload;
using protocol::Status;
using testing::HasSubstr;
using testing::Not;

const TextStyle kPlain(false);

graph::NodeSpec node(const std::string& name, NodeType type, std::vector<std::size_t> children) {
  graph::NodeSpec made;
  made.name = name;
  made.type = type;
  made.endpoint.service_host = "localhost";
  made.endpoint.http_port = 9000;
  made.children = std::move(children);
  return made;
}

/// A router over a model, and a combiner of two.
graph::PredictorSpec bandit() {
  graph::PredictorSpec made;
  made.name = "main";
  made.nodes = {node("router", NodeType::kRouter, {1, 2}), node("a", NodeType::kModel, {}),
                node("blend", NodeType::kCombiner, {3, 4}), node("b1", NodeType::kModel, {}),
                node("b2", NodeType::kModel, {})};
  const char* root = "spec.predictors[0].graph";
  const char* below[] = {"", ".children[0]", ".children[1]", ".children[1].children[0]",
                         ".children[1].children[1]"};
  for (std::size_t i = 0; i < made.nodes.size(); ++i) {
    made.nodes[i].path = std::string(root) + below[i];
  }
  return made;
}

std::string names_only(const graph::PredictorSpec& predictor) {
  return draw_tree(predictor, kPlain, [&](std::size_t index) {
    TreeRow row;
    row.name = {predictor.nodes[index].name};
    return row;
  });
}

TEST(DrawTree, HangsChildrenBelowTheirParents) {
  EXPECT_EQ(names_only(bandit()),
            "router\n"
            "├─ a\n"
            "└─ blend\n"
            "   ├─ b1\n"
            "   └─ b2\n");
}

TEST(DrawTree, AlignsColumnsAndHangsDetailsIn) {
  auto predictor = bandit();
  std::swap(predictor.nodes[0].children[0], predictor.nodes[0].children[1]);
  EXPECT_EQ(draw_tree(predictor, kPlain,
                      [&](std::size_t index) {
                        TreeRow row;
                        row.name = {predictor.nodes[index].name};
                        row.columns = {{"x"}, {""}, {"y"}};
                        if (index == 0 || index == 4) row.details = {"more"};
                        return row;
                      }),
            "router    x  y\n"
            "│  more\n"
            "├─ blend  x  y\n"
            "│  ├─ b1  x  y\n"
            "│  └─ b2  x  y\n"
            "│        more\n"
            "└─ a      x  y\n");
}

TEST(DrawTree, StandsAThousandLevelsAndACycle) {
  graph::PredictorSpec deep;
  for (std::size_t i = 0; i < 1000; ++i) {
    deep.nodes.push_back(node("n" + std::to_string(i), NodeType::kModel, {i + 1}));
  }
  deep.nodes.back().children = {0};
  const std::string drawn = names_only(deep);
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 1000);
  EXPECT_THAT(drawn, HasSubstr("(level 999) n999"));
  EXPECT_EQ(names_only({}), "");
}

TEST(Check, ListsProblemsAndMarksTheirNodes) {
  graph::SpecReading reading;
  reading.deployment.name = "bandit";
  reading.deployment.predictors = {bandit()};
  reading.problems = {{"spec.predictors[0].graph.children[1].type", "\"\x1b[1mX\" is wrong"},
                      {"", "and the file"}};
  reading.warnings = {{"spec.predictors[0].graph.children[0].tpe", "what?", 7, 9, "  tpe: \tX"}};
  std::ostringstream out;
  print_check(out, reading, kPlain);
  EXPECT_THAT(out.str(), HasSubstr("✗ 2 errors\n"));
  EXPECT_THAT(out.str(),
              HasSubstr("spec.predictors[0].graph.children[1].type: \"\\x1b[1mX\" is wrong"));
  EXPECT_THAT(out.str(), HasSubstr("└─ ✗ blend  COMBINER  REST localhost:9000"));
  EXPECT_THAT(out.str(), HasSubstr("├─ ⚠ a "));
  EXPECT_THAT(out.str(), HasSubstr("⚠ 1 warning\n  line 7, column 9: spec.predictors[0].graph."
                                   "children[0].tpe: what?\n    |   tpe: \\tX\n"));
  EXPECT_THAT(out.str(), HasSubstr("├─ b1 "));
  EXPECT_THAT(out.str(), Not(HasSubstr("✗ router")));
}

TEST(Check, ShowsWhatANodeIsAndHowItIsCalled) {
  graph::SpecReading reading;
  auto& predictor = reading.deployment.predictors.emplace_back();
  predictor.nodes = {node("ab", NodeType::kUnknown, {1}), node("m", NodeType::kUnknown, {})};
  predictor.nodes[0].implementation = graph::Implementation::kRandomAbTest;
  predictor.nodes[1].methods.transform_input = true;
  predictor.nodes[1].methods.send_feedback = true;
  predictor.nodes[1].endpoint.grpc_port = 9500;
  predictor.nodes[1].endpoint.type = protocol::Transport::kGrpc;
  std::ostringstream out;
  print_check(out, reading, kPlain);
  EXPECT_THAT(out.str(), HasSubstr("ab    -  in-process           RANDOM_ABTEST"));
  EXPECT_THAT(out.str(), HasSubstr("GRPC localhost:9500  methods TRANSFORM_INPUT, SEND_FEEDBACK"));
  EXPECT_THAT(out.str(), HasSubstr("✓ no problems"));
}

TEST(Check, JsonHoldsTheTree) {
  graph::SpecReading reading;
  reading.deployment.predictors = {bandit()};
  reading.problems = {{"p", "m"}};
  reading.warnings = {{"w", "n", 3, 4, "s"}};
  std::ostringstream out;
  print_check_json(out, reading);
  rapidjson::Document read;
  ASSERT_TRUE(parse_json(out.str(), read)) << out.str();
  EXPECT_FALSE(read["ok"].GetBool());
  EXPECT_STREQ(read["problems"][0]["path"].GetString(), "p");
  EXPECT_FALSE(read["problems"][0].HasMember("line"));
  EXPECT_STREQ(read["warnings"][0]["message"].GetString(), "n");
  EXPECT_EQ(read["warnings"][0]["line"].GetInt(), 3);
  EXPECT_EQ(read["warnings"][0]["column"].GetInt(), 4);
  EXPECT_STREQ(read["warnings"][0]["source"].GetString(), "s");
  const auto& root = read["predictors"][0]["graph"];
  EXPECT_STREQ(root["children"][1]["children"][0]["name"].GetString(), "b1");
  EXPECT_EQ(root["children"][1]["children"].Size(), 2U);
  EXPECT_EQ(root["children"][0]["endpoint"]["http_port"].GetInt(), 9000);
}

TEST(TryMessage, TakesListsRowsAndMessages) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"1,2,3", "[[1,2,3]]"},     {"[1,2.50]", "[[1,2.50]]"},
      {"-1", "[[-1]]"},           {"[[1],[2]]", "[[1],[2]]"},
      {"[1],[2]", "[[1],[2]]"},   {"[]", "[]"},
      {R"(["a"])", R"([["a"]])"}, {R"({"strData":"x"})", R"({"strData":"x"})"},
  };
  for (const auto& [data, text] : cases) {
    const auto read = read_data(data);
    ASSERT_TRUE(read) << data;
    EXPECT_EQ(read->text, text);
    EXPECT_EQ(read->is_message, text.starts_with("{"));
  }
  for (const char* bad : {"", "hello", "1,2,", "{", "null"}) EXPECT_FALSE(read_data(bad)) << bad;
}

TEST(TryMessage, PutsRowsIntoAMessageOfTheProtocol) {
  using protocol::Protocol;
  const std::vector<ModelInput> known = {{"ids", "INT64", {-1, 2}}};
  EXPECT_EQ(message_of_rows(Protocol::kSeldon, "[[1,2]]", known),
            R"({"data":{"ndarray":[[1,2]]}})");
  EXPECT_EQ(message_of_rows(Protocol::kTensorflow, "[[1,2]]", known), R"({"instances":[[1,2]]})");
  EXPECT_EQ(message_of_rows(Protocol::kV2, "[[1,2],[3,4]]", known),
            R"({"inputs":[{"name":"ids","shape":[2,2],"datatype":"INT64","data":[1,2,3,4]}]})");
  EXPECT_EQ(message_of_rows(Protocol::kV2, R"([["a"]])", {}),
            R"({"inputs":[{"name":"input-0","shape":[1,1],"datatype":"BYTES","data":["a"]}]})");
}

TEST(TryMessage, MakesOneUpForTheModelsInputs) {
  using protocol::Protocol;
  struct Case {
    Protocol protocol;
    std::vector<ModelInput> inputs;
    const char* message;
  };
  const Case cases[] = {
      {Protocol::kSeldon, {}, R"({"data":{"ndarray":[[1,2,3]]}})"},
      {Protocol::kTensorflow, {}, R"({"instances":[[1,2,3]]})"},
      {Protocol::kV2,
       {},
       R"({"inputs":[{"name":"input-0","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]})"},
      {Protocol::kSeldon, {{"x", "FP32", {-1, 2}}}, R"({"data":{"ndarray":[[0.0,0.1]]}})"},
      {Protocol::kSeldon,
       {{"a", "INT64", {-1}}, {"b", "BYTES", {-1, 1}}},
       R"({"data":{"names":["a","b"],"ndarray":[[0,"text 0"]]}})"},
      {Protocol::kTensorflow, {{"x", "INT32", {-1, 2, 1}}}, R"({"instances":[[[0],[1]]]})"},
      {Protocol::kTensorflow,
       {{"a", "BOOL", {-1}}, {"b", "FP64", {}}},
       R"({"inputs":{"a":[true],"b":0.0}})"},
      {Protocol::kV2,
       {{"a", "BYTES", {1, -1}}, {"b", "FP16", {1}}},
       R"({"inputs":[{"name":"a","shape":[1,3],"datatype":"BYTES","data":["text 0","text 1","text 2"]},)"
       R"({"name":"b","shape":[1],"datatype":"FP32","data":[0.0]}]})"},
      // Nobody wants to see that.
      {Protocol::kTensorflow, {{"x", "FP32", {-1, 4000, 4000, 3}}}, R"({"instances":[[1,2,3]]})"},
      {Protocol::kTensorflow,
       {{"x", "FP32", {4294967296, 4294967296}}},
       R"({"instances":[[1,2,3]]})"},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(default_message(one.protocol, one.inputs), one.message);
    EXPECT_EQ(protocol_of_message(one.message), one.protocol) << one.message;
  }
}

TEST(TryMessage, ReadsTheInputsOfMetadata) {
  const auto inputs = inputs_of_metadata(
      R"({"name":"m","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],"outputs":[]})");
  ASSERT_EQ(inputs.size(), 1U);
  EXPECT_EQ(inputs[0].name, "x");
  EXPECT_EQ(inputs[0].datatype, "FP32");
  EXPECT_EQ(inputs[0].shape, (std::vector<std::int64_t>{-1, 4}));
  for (const char* bad : {"", "[]", "{}", R"({"inputs":3})", R"({"inputs":[{"name":"x"}]})",
                          R"({"inputs":[{"name":"x","datatype":"FP32","shape":["a"]}]})"}) {
    EXPECT_TRUE(inputs_of_metadata(bad).empty()) << bad;
  }
}

/// A clock that goes a millisecond at each look.
Clock::time_point ticking() {
  static Clock::time_point now;
  return now += std::chrono::milliseconds(1);
}

graph::PlanNode plan_node(const std::string& name) {
  graph::PlanNode made;
  made.name = name;
  return made;
}

/// router chose blend; b1 answered, and b2 either did or failed.
void walk(TryRecorder& recorder, bool fails) {
  const auto router = plan_node("router");
  const auto blend = plan_node("blend");
  const auto b1 = plan_node("b1");
  const auto b2 = plan_node("b2");
  const Payload message = Payload::json(R"({"data":{"ndarray":[[1]]}})");
  const Payload answer = Payload::json(R"({"data":{"ndarray":[[2]]}})");
  recorder.on_step(router, Method::kRoute, std::span(&message, 1));
  recorder.on_routing(router, 1);
  recorder.on_routing(blend, -1);
  recorder.on_step(b1, Method::kPredict, std::span(&message, 1));
  recorder.on_step(b2, Method::kPredict, std::span(&message, 1));
  recorder.on_answer(b1, Method::kPredict, &answer, nullptr);
  if (fails) {
    const Status refused(protocol::Code::kUnavailable, "can't connect (localhost:9004)");
    recorder.on_answer(b2, Method::kPredict, nullptr, &refused);
    return;
  }
  recorder.on_answer(b2, Method::kPredict, &answer, nullptr);
  const Payload both[] = {answer, answer};
  recorder.on_step(blend, Method::kAggregate, both);
  recorder.on_answer(blend, Method::kAggregate, &answer, nullptr);
}

std::string printed(bool fails, std::size_t columns = 0) {
  const auto predictor = bandit();
  TryRecorder recorder(ticking);
  walk(recorder, fails);
  protocol::Result<Payload> answer = Payload::json(R"({"strData":"done"})");
  if (fails) answer = Status(protocol::Code::kUnavailable, "can't connect (localhost:9004)", "b2");
  std::ostringstream out;
  print_try(out, {predictor, recorder, answer, std::chrono::milliseconds(12)}, kPlain, columns);
  return out.str();
}

TEST(Try, DrawsTheWay) {
  EXPECT_EQ(printed(false),
            "● router    ROUTER    1.0 ms\n"
            "│  route  1.0 ms\n"
            "│    in  {\"data\":{\"ndarray\":[[1]]}}\n"
            "│    out → branch 1, blend\n"
            "├─ ○ a      MODEL     not visited\n"
            "└─ ● blend  COMBINER  1.0 ms\n"
            "   │  aggregate  1.0 ms\n"
            "   │    in 0 {\"data\":{\"ndarray\":[[2]]}}\n"
            "   │    in 1 {\"data\":{\"ndarray\":[[2]]}}\n"
            "   │    out {\"data\":{\"ndarray\":[[2]]}}\n"
            "   ├─ ● b1  MODEL     2.0 ms\n"
            "   │     predict  2.0 ms\n"
            "   │       in  {\"data\":{\"ndarray\":[[1]]}}\n"
            "   │       out {\"data\":{\"ndarray\":[[2]]}}\n"
            "   └─ ● b2  MODEL     2.0 ms\n"
            "         predict  2.0 ms\n"
            "           in  {\"data\":{\"ndarray\":[[1]]}}\n"
            "           out {\"data\":{\"ndarray\":[[2]]}}\n"
            "\n"
            "✓ answer  200  12.0 ms\n"
            "{\n"
            "  \"strData\": \"done\"\n"
            "}\n");
}

TEST(Try, ShowsWhatTheNodeReallyGot) {
  TryRecorder recorder(ticking);
  const auto node = plan_node("b1");
  const Payload message = Payload::json(R"({"data":{"ndarray":[[1]]}})");
  recorder.on_sent("b1", Method::kPredict, message);  // of a node that has begun nothing
  recorder.on_step(node, Method::kPredict, std::span(&message, 1));
  Payload sent = Payload::json(R"({"instances":[[1]]})");
  sent.set_protocol(protocol::Protocol::kTensorflow);
  recorder.on_sent("b1", Method::kMetadata, {});  // no step of the walk
  recorder.on_sent("b1", Method::kPredict, sent);
  ASSERT_NE(recorder.find("b1"), nullptr);
  EXPECT_EQ(recorder.find("b1")->steps[0].in[0].bytes(), sent.bytes());

  const auto blend = plan_node("blend");
  const Payload both[] = {message, message};
  recorder.on_step(blend, Method::kAggregate, both);
  recorder.on_sent("blend", Method::kAggregate, Payload::json(R"([{"a":1}, {"b":[2]}])"));
  const auto& in = recorder.find("blend")->steps[0].in;
  ASSERT_EQ(in.size(), 2U);
  EXPECT_EQ(in[0].bytes(), R"({"a":1})");
  EXPECT_EQ(in[1].bytes(), R"({"b":[2]})");
}

TEST(Try, AVisitedNodesParentsWereVisited) {
  const auto predictor = bandit();
  TryRecorder recorder(ticking);
  // Of feedback: a router in the process leaves no trace.
  const Payload message = Payload::json("{}");
  recorder.on_step(plan_node("b2"), Method::kSendFeedback, std::span(&message, 1));
  const protocol::Result<Payload> answer = Payload::json("{}");
  std::ostringstream out;
  print_try(out, {predictor, recorder, answer, std::chrono::milliseconds(1)}, kPlain, 0);
  for (const char* part : {"● router", "● blend", "● b2", "○ a", "○ b1"}) {
    EXPECT_THAT(out.str(), HasSubstr(part));
  }
}

TEST(Try, NamesTheNodeThatFailed) {
  const std::string text = printed(true);
  EXPECT_THAT(text, HasSubstr("└─ ✗ b2"));
  EXPECT_THAT(text, HasSubstr("✗ failed at b2  12.0 ms\n503 UNAVAILABLE: can't connect"));
}

TEST(Try, ShortensMessagesToTheScreen) {
  std::istringstream lines(printed(true, 40));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(" in ") == std::string::npos) continue;
    EXPECT_LE(columns_of(line), 40U) << line;
  }
  EXPECT_THAT(printed(true, 30), HasSubstr("…"));
}

TEST(Try, JsonTellsTheSame) {
  const auto predictor = bandit();
  TryRecorder recorder(ticking);
  walk(recorder, true);
  const protocol::Result<Payload> answer =
      Status(protocol::Code::kUnavailable, "can't connect", "b2");
  std::ostringstream out;
  print_try_json(out, {predictor, recorder, answer, std::chrono::milliseconds(12)});
  rapidjson::Document read;
  ASSERT_TRUE(parse_json(out.str(), read)) << out.str();
  EXPECT_FALSE(read["ok"].GetBool());
  EXPECT_EQ(read["status"].GetInt(), 503);
  EXPECT_STREQ(read["error"]["node"].GetString(), "b2");
  EXPECT_STREQ(read["error"]["reason"].GetString(), "UNAVAILABLE");
  const auto& nodes = read["nodes"];
  EXPECT_EQ(nodes[0]["branch"].GetInt(), 1);
  EXPECT_FALSE(nodes[1]["visited"].GetBool());
  EXPECT_STREQ(nodes[3]["parent"].GetString(), "blend");
  EXPECT_EQ(nodes[3]["steps"][0]["out"]["data"]["ndarray"][0][0].GetInt(), 2);
  EXPECT_EQ(nodes[4]["steps"][0]["error"]["status"].GetInt(), 503);
}

}  // namespace
}  // namespace infergraph::engine
