#include "engine/tools/stub/seldon/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/seldon/array.hpp"
#include "engine/tools/stub/seldon/python_json.hpp"

// What the wrapper itself answers is recorded in tests/data/wrapper_exchanges.jsonl and asked of a
// running stand-in (tests/e2e/stub_wrapper_test.py); here is what the record has not.
namespace infergraph::engine {
namespace {

using testing::HasSubstr;

graph::NodeSpec model(const std::string& name = "m") {
  graph::NodeSpec node;
  node.name = name;
  node.type = graph::NodeType::kModel;
  return node;
}

rapidjson::Document read(const std::string& text) {
  rapidjson::Document made;
  EXPECT_TRUE(parse_json(text, made, JsonDialect::kPython)) << text;
  return made;
}

StubAnswer predict(const graph::NodeSpec& node, const std::string& message) {
  return predict_answer(node, read(message), message.size());
}

StubAnswer transform(const std::string& message) {
  return transform_answer(model(), read(message), message.size());
}

StubAnswer aggregate(const std::string& messages) {
  return aggregate_answer(model(), read(messages), messages.size());
}

TEST(PredictAnswer, AnswersATftensorWithATftensor) {
  const auto answer = predict(
      model(),
      R"({"data":{"tftensor":{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"2"},{"size":"4"}]},
          "tensorContent":"AAAA"}}})");
  EXPECT_EQ(answer.status, 200);
  const auto made = read(answer.body);
  const auto& tensor = made["data"]["tftensor"];
  EXPECT_STREQ(tensor["dtype"].GetString(), "DT_DOUBLE");
  EXPECT_STREQ(tensor["tensorShape"]["dim"][0]["size"].GetString(), "2");
  EXPECT_STREQ(tensor["tensorShape"]["dim"][1]["size"].GetString(), "3");
  EXPECT_EQ(tensor["tensorContent"].GetStringLength(), 64U);  // 48 bytes
}

TEST(PredictAnswer, AddsItsImageToThePath) {
  auto node = model("m");
  node.image = "example/m";
  node.image_version = "1.2";
  EXPECT_EQ(predict(node, R"({"strData":"x","meta":{"requestPath":{"before":"i:1"}}})").body,
            "{\"meta\":{\"requestPath\":{\"before\":\"i:1\",\"m\":\"example/m:1.2\"}},"
            "\"strData\":\"x\"}\n");
  // What the request has of the same name stands.
  EXPECT_EQ(predict(node, R"({"strData":"x","meta":{"requestPath":{"m":"other"}}})").body,
            "{\"meta\":{\"requestPath\":{\"m\":\"other\"}},\"strData\":\"x\"}\n");
  const auto message = read(R"({"request":{"meta":{"puid":"p"}}})");
  EXPECT_EQ(feedback_answer(node, message).body,
            "{\"data\":{\"tensor\":{\"shape\":[0]}},\"meta\":{\"puid\":\"p\","
            "\"requestPath\":{\"m\":\"example/m:1.2\"}}}\n");
}

TEST(PredictAnswer, IsTheSameForOneNodeAndOtherForAnother) {
  const std::string message = R"({"data":{"ndarray":[[1]]}})";
  EXPECT_EQ(predict(model("a"), message).body, predict(model("a"), message).body);
  EXPECT_NE(predict(model("a"), message).body, predict(model("b"), message).body);
}

// A claim of many rows, columns or lists costs no more than the bytes that make it.
TEST(StubAnswers, AreBoundByTheMessage) {
  for (
      const char* claim :
      {R"({"data":{"tensor":{"shape":[0,1000000000],"values":[]}}})",
       R"({"data":{"tensor":{"shape":[1000000000,0],"values":[]}}})",
       R"({"data":{"tensor":{"shape":[99,99,99,99,99,99,99,99,99,99,0],"values":[]}}})",
       R"({"data":{"tensor":{"shape":[4294967296,4294967296,4294967296],"values":[]}}})",
       R"({"data":{"tftensor":{"tensorShape":{"dim":[{"size":"9000000000"},{"size":"1"}]}}}})",
       R"({"data":{"tftensor":{"tensorShape":{"dim":[{"size":1},{"size":18446744073709551615}]}}}})"}) {
    for (const StubAnswer& answer :
         {predict(model(), claim), transform(claim), aggregate("[" + std::string(claim) + "]")}) {
      EXPECT_EQ(answer.status, 500) << claim << answer.body.substr(0, 200);
      EXPECT_LT(answer.body.size(), 400U) << claim;
    }
  }
}

TEST(StubAnswers, RefuseArraysThatAreTooDeep) {
  const std::string deep = std::string(40, '[') + "1" + std::string(40, ']');
  const StubAnswer answer = transform(R"({"data":{"ndarray":)" + deep + "}}");
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("maximum number of dimension of 32"));
  EXPECT_EQ(transform(R"({"jsonData":{"a":)" + deep + "}}").status, 200);
}

TEST(AggregateAnswer, DoesNotOverflowWhereTheMeanDoesNot) {
  EXPECT_THAT(aggregate(R"([{"data":{"ndarray":[1e308]}},{"data":{"ndarray":[1e308]}}])").body,
              HasSubstr("[1e+308]"));
}

TEST(MetadataAnswer, HasEveryMemberOfTheWrappers) {
  auto node = model();
  node.image = "example/m";
  node.image_version = "1.2";
  EXPECT_EQ(metadata_answer(node).body,
            "{\"custom\":{},\"inputs\":[],\"name\":\"example/m\",\"outputs\":[],"
            "\"platform\":\"\",\"versions\":[\"1.2\"]}\n");
}

TEST(PythonJson, WritesFloatsAsPythonDoes) {
  const std::pair<double, const char*> cases[] = {{0, "0.0"},
                                                  {-0.0, "-0.0"},
                                                  {1, "1.0"},
                                                  {0.1, "0.1"},
                                                  {1e15, "1000000000000000.0"},
                                                  {1e16, "1e+16"},
                                                  {1e-4, "0.0001"},
                                                  {1e-5, "1e-05"},
                                                  {1.5e300, "1.5e+300"},
                                                  {123456.75, "123456.75"},
                                                  {5e-324, "5e-324"}};
  for (const auto& [value, text] : cases) {
    std::string made;
    append_python_float(made, value);
    EXPECT_EQ(made, text);
  }
}

TEST(PythonJson, CutsWhatItTells) {
  const auto value = read("[\"" + std::string(100'000, 'x') + "\"]");
  EXPECT_LT(python_repr(value).size(), 500U);
  const auto text = read("\"" + std::string(100'000, 'x') + "\"");
  EXPECT_LT(python_str(text).size(), 500U);
  EXPECT_EQ(python_repr(read(R"({"a":[true,null,1.5,"it's"]})")),
            R"({'a': [True, None, 1.5, "it's"]})");
}

}  // namespace
}  // namespace infergraph::engine
