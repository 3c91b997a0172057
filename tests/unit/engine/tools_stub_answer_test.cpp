#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/tools/json_text.hpp"
#include "engine/tools/stub_answer.hpp"

namespace infergraph::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

graph::NodeSpec model(const std::string& name = "m") {
  graph::NodeSpec node;
  node.name = name;
  node.type = graph::NodeType::kModel;
  return node;
}

rapidjson::Document read(const std::string& text) {
  rapidjson::Document made;
  EXPECT_TRUE(parse_json(text, made)) << text;
  return made;
}

std::string predicted(const std::string& message) {
  const StubAnswer answer = predict_answer(model(), message);
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.body;
}

TEST(PredictAnswer, AnswersAnNdarrayWithARowForEachRow) {
  const auto answer = read(predicted(R"({"data":{"names":["a"],"ndarray":[[1],[2],[3],[4]]}})"));
  const auto& rows = answer["data"]["ndarray"];
  ASSERT_EQ(rows.Size(), 4U);
  ASSERT_EQ(rows[0].Size(), 3U);
  double sum = 0;
  for (const auto& value : rows[0].GetArray()) sum += value.GetDouble();
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_EQ(answer["data"]["names"].Size(), 3U);
  EXPECT_TRUE(answer["meta"].IsObject());
}

TEST(PredictAnswer, AnswersATensorWithATensor) {
  const auto answer = read(predicted(R"({"data":{"tensor":{"shape":[2,2],"values":[1,2,3,4]}}})"));
  const auto& tensor = answer["data"]["tensor"];
  EXPECT_EQ(tensor["shape"][0].GetInt(), 2);
  EXPECT_EQ(tensor["shape"][1].GetInt(), 3);
  EXPECT_EQ(tensor["values"].Size(), 6U);
}

TEST(PredictAnswer, AnswersATftensorWithATftensor) {
  const auto answer = read(predicted(
      R"({"data":{"tftensor":{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"2"},{"size":"4"}]},
          "tensorContent":"AAAA"}}})"));
  const auto& tensor = answer["data"]["tftensor"];
  EXPECT_STREQ(tensor["tensorShape"]["dim"][0]["size"].GetString(), "2");
  EXPECT_EQ(tensor["doubleVal"].Size(), 6U);
}

TEST(PredictAnswer, TextOfAnNdarrayAndOneDimensionCount) {
  EXPECT_EQ(
      read(predicted(R"({"data":{"ndarray":[["a","b"],["c","d"]]}})"))["data"]["ndarray"].Size(),
      2U);
  EXPECT_EQ(read(predicted(R"({"data":{"ndarray":[1,2,3]}})"))["data"]["ndarray"].Size(), 1U);
  EXPECT_EQ(read(predicted(R"({"data":{"ndarray":[]}})"))["data"]["ndarray"].Size(), 0U);
}

TEST(PredictAnswer, OtherContentComesBackAsItIs) {
  EXPECT_EQ(predicted(R"({"strData":"hi"})"), R"({"strData":"hi","meta":{}})");
  EXPECT_EQ(predicted(R"({"binData":"aGk="})"), R"({"binData":"aGk=","meta":{}})");
  EXPECT_EQ(predicted(R"({"jsonData":{"a":[1]}})"), R"({"jsonData":{"a":[1]},"meta":{}})");
}

TEST(PredictAnswer, CarriesMetaOnAndAddsItsImage) {
  auto node = model("m");
  node.image = "example/m";
  node.image_version = "1.2";
  const auto answer = read(
      predict_answer(node, R"({"strData":"x","meta":{"puid":"p","tags":{"t":1},"routing":{"r":1},
                              "metrics":[{"key":"k"}],"requestPath":{"before":"i:1"}}})")
          .body);
  const auto& meta = answer["meta"];
  EXPECT_STREQ(meta["puid"].GetString(), "p");
  EXPECT_EQ(meta["tags"]["t"].GetInt(), 1);
  EXPECT_EQ(meta["metrics"].Size(), 1U);
  EXPECT_STREQ(meta["requestPath"]["m"].GetString(), "example/m:1.2");
  EXPECT_STREQ(meta["requestPath"]["before"].GetString(), "i:1");
  EXPECT_FALSE(meta.HasMember("routing"));
}

TEST(PredictAnswer, IsTheSameForOneNodeAndOtherForAnother) {
  const std::string message = R"({"data":{"ndarray":[[1]]}})";
  EXPECT_EQ(predict_answer(model("a"), message).body, predict_answer(model("a"), message).body);
  EXPECT_NE(predict_answer(model("a"), message).body, predict_answer(model("b"), message).body);
}

TEST(PredictAnswer, RefusesWhatTheWrapperCouldNotRead) {
  for (const char* bad : {"", "hello", "[1]", "{}", R"({"data":[1]})", R"({"data":{"ndarray":1}})",
                          R"({"data":{"tensor":{"shape":[2,2],"values":[1]}}})",
                          R"({"data":{"tftensor":{"tensorShape":{"dim":[{"size":"9000000000"},
                             {"size":"1"}]}}}})"}) {
    const StubAnswer answer = predict_answer(model(), bad);
    EXPECT_EQ(answer.status, 400) << bad;
    const auto status = read(answer.body);
    EXPECT_EQ(status["status"]["code"].GetInt(), -1);
    EXPECT_EQ(status["status"]["status"].GetInt(), 1);
    EXPECT_STREQ(status["status"]["reason"].GetString(), "MICROSERVICE_BAD_DATA");
  }
}

TEST(AggregateAnswer, IsTheMeanInTheNamesAndTheKindOfTheFirst) {
  EXPECT_EQ(aggregate_answer(R"([{"data":{"names":["x","y"],"ndarray":[[1,2]]}},
                                 {"data":{"tensor":{"shape":[1,2],"values":[3,5]}}}])")
                .body,
            R"({"data":{"names":["x","y"],"ndarray":[[2,3.5]]},"meta":{}})");
  EXPECT_EQ(aggregate_answer(R"({"seldonMessages":[{"data":{"tensor":{"shape":[2],"values":[1,2]}}},
                                 {"data":{"ndarray":[2,4]}}]})")
                .body,
            R"({"data":{"tensor":{"shape":[2],"values":[1.5,3]}},"meta":{}})");
}

TEST(AggregateAnswer, DoesNotOverflowWhereTheMeanDoesNot) {
  EXPECT_THAT(
      aggregate_answer(R"([{"data":{"ndarray":[1e308]}},{"data":{"ndarray":[1e308]}}])").body,
      HasSubstr("[1e+308]"));
}

TEST(AggregateAnswer, IsTheFirstWhereThereIsNoMean) {
  EXPECT_EQ(aggregate_answer(R"([{"strData":"a","meta":{"tags":{"t":1}}},
                                 {"strData":"b","meta":{"tags":{"t":2,"u":3}}}])")
                .body,
            R"({"strData":"a","meta":{"tags":{"t":2,"u":3}}})");
  for (const char* uneven : {R"([{"data":{"ndarray":[[1,2]]}},{"data":{"ndarray":[[1]]}}])",
                             R"([{"data":{"ndarray":[[1,2],[3]]}},{"data":{"ndarray":[[1]]}}])",
                             R"([{"data":{"ndarray":[["a"]]}},{"data":{"ndarray":[["b"]]}}])"}) {
    const auto answer = aggregate_answer(uneven);
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.body, testing::StartsWith(R"({"data":{"ndarray":[[)"));
  }
}

TEST(AggregateAnswer, RefusesWhatIsNoListOfMessages) {
  for (const char* bad : {"", "[]", "{}", "[1]", R"({"seldonMessages":1})"}) {
    EXPECT_EQ(aggregate_answer(bad).status, 400) << bad;
  }
}

TEST(MetadataAnswer, HasEveryMemberOfTheWrappers) {
  auto node = model();
  node.image = "example/m";
  node.image_version = "1.2";
  EXPECT_EQ(
      metadata_answer(node).body,
      R"({"custom":{},"inputs":[],"name":"example/m","outputs":[],"platform":"","versions":["1.2"]})");
}

}  // namespace
}  // namespace infergraph::engine
