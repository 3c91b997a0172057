#include "protocol/seldon/data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

namespace infergraph::protocol {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ReadMessage, FindsThePartsAsTheyStand) {
  const std::string json =
      R"({"status":{"code":1},"meta":{"tags":{"a":1.50}},"data":{"names":["a", "b"],"ndarray":[[1]]}})";
  const MessageText parts = read_message(json).value();
  EXPECT_EQ(parts.status, R"({"code":1})");
  EXPECT_EQ(parts.meta, R"({"tags":{"a":1.50}})");
  EXPECT_EQ(parts.content, Content::kData);
  EXPECT_EQ(parts.names, R"(["a", "b"])");
  EXPECT_EQ(parts.kind, DataKind::kNdarray);
  EXPECT_EQ(parts.ndarray, "[[1]]");
}

TEST(ReadMessage, TellsWhatKindOfContentThereIs) {
  const std::pair<std::string, Content> cases[] = {
      {"{}", Content::kNone},
      {"[1]", Content::kNone},
      {"null", Content::kNone},
      {R"({"data":null})", Content::kNone},
      {R"({"data":{}})", Content::kData},
      {R"({"strData":"a"})", Content::kStrData},
      {R"({"binData":"YQ=="})", Content::kBinData},
      {R"({"jsonData":{"data":{}}})", Content::kJsonData},
      {R"({"customData":{}})", Content::kCustomData},
  };
  for (const auto& [json, content] : cases) {
    EXPECT_EQ(read_message(json).value().content, content) << json;
  }
  EXPECT_EQ(read_message(R"({"data":{"tensor":{}}})").value().kind, DataKind::kTensor);
  EXPECT_EQ(read_message(R"({"data":{"tftensor":{}}})").value().kind, DataKind::kTftensor);
  EXPECT_EQ(read_message(R"({"data":{"tensor":null}})").value().kind, DataKind::kNone);
  EXPECT_EQ(read_message("{").error().code(), Code::kInvalidArgument);
}

NumericArray numbers(const std::string& json) {
  const MessageText parts = read_message(json).value();
  auto read = read_numbers(parts);
  EXPECT_TRUE(read) << json << ": " << read.error().message();
  return *read;
}

TEST(ReadNumbers, ReadsTensors) {
  const NumericArray plain =
      numbers(R"({"data":{"tensor":{"shape":[1,3],"values":[0.1, 2 ,-3e2]}}})");
  EXPECT_THAT(plain.shape, ElementsAre(1, 3));
  EXPECT_THAT(plain.values, ElementsAre(0.1, 2, -300));

  const NumericArray strings = numbers(
      R"({"data":{"tensor":{"values":["1.5","NaN","-Infinity",Infinity],"shape":["2",2.0]}}})");
  EXPECT_THAT(strings.shape, ElementsAre(2, 2));
  EXPECT_EQ(strings.values[0], 1.5);
  EXPECT_TRUE(std::isnan(strings.values[1]));
  EXPECT_EQ(strings.values[2], -std::numeric_limits<double>::infinity());
  EXPECT_EQ(strings.values[3], std::numeric_limits<double>::infinity());

  EXPECT_THAT(numbers(R"({"data":{"tensor":{"shape":[0,3]}}})").values, IsEmpty());
}

TEST(ReadNumbers, ReadsRectangularArrays) {
  const std::pair<std::string, std::vector<std::size_t>> cases[] = {
      {"[]", {0}},
      {"[1,2]", {2}},
      {"[[1,2,3],[4,5,6]]", {2, 3}},
      {"[[]]", {1, 0}},
      {"[[],[]]", {2, 0}},
      {"[[[1],[2]]]", {1, 2, 1}},
      {"[ [ 1 ] ]", {1, 1}},
      {"[[[]],[[]]]", {2, 1, 0}},
      {"[NaN]", {1}},
  };
  for (const auto& [text, shape] : cases) {
    EXPECT_EQ(numbers(R"({"data":{"ndarray":)" + text + "}}").shape, shape) << text;
  }
  EXPECT_THAT(numbers(R"({"data":{"ndarray":[[1,2],[3,4]]}})").values, ElementsAre(1, 2, 3, 4));
}

TEST(ReadNumbers, GivesThePathOfWhatDoesNotFit) {
  const std::pair<std::string, std::string> cases[] = {
      {R"("ndarray":[[1,2,3],[4,5]])", "data.ndarray[1]: expected 3 values but found 2"},
      {R"("ndarray":[[],[1]])", "data.ndarray[1]: expected 0 values but found 1"},
      {R"("ndarray":[[1],2])", "data.ndarray[1]: expected an array but found a number"},
      {R"("ndarray":[1,[2]])", "data.ndarray[1]: expected a number but found an array"},
      {R"("ndarray":[[],2])", "data.ndarray[1]: expected an array but found a number"},
      {R"("ndarray":[[1,"a]\"[,"]])", "data.ndarray[0][1]: expected a number but found a string"},
      {R"("ndarray":[["1"]])", "data.ndarray[0][0]: expected a number but found a string"},
      {R"("ndarray":[[1,null]])", "data.ndarray[0][1]: expected a number but found null"},
      {R"("ndarray":[true])", "data.ndarray[0]: expected a number but found a boolean"},
      {R"("ndarray":[{"a":[1]}])", "data.ndarray[0]: expected a number but found an object"},
      {R"("ndarray":"[[1]]")", "data.ndarray: expected an array but found a string"},
      {R"("ndarray":[1.8e308])", "data.ndarray[0]: the number is too big for a double"},
      {R"("tensor":{"shape":[2,3],"values":[1]})",
       "data.tensor.values: expected 6 values but found 1"},
      {R"("tensor":{"shape":[1,1]})", "data.tensor.values: expected 1 values but found 0"},
      {R"("tensor":{"shape":[-1],"values":[1]})", "data.tensor.shape[0]: expected a whole number"},
      {R"("tensor":{"shape":[1.5],"values":[1]})", "data.tensor.shape[0]: expected a whole number"},
      {R"("tensor":{"shape":[2147483647,2147483647,2147483647],"values":[1]})",
       "data.tensor.values"},
      {R"("tensor":{"shape":[1],"values":[[1]]})", "data.tensor.values: expected a flat list"},
      {R"("tensor":{"shape":[1],"values":["inf"]})",
       "data.tensor.values[0]: expected a number but found a string"},
      {R"("tensor":{"shape":{},"values":[1]})",
       "data.tensor.shape: expected an array but found an object"},
  };
  for (const auto& [data, what] : cases) {
    const std::string json = R"({"data":{)" + data + "}}";
    const auto parts = read_message(json);
    ASSERT_TRUE(parts) << json << parts.error().message();
    const auto result = read_numbers(*parts);
    ASSERT_FALSE(result) << json;
    EXPECT_EQ(result.error().code(), Code::kInvalidArgument);
    EXPECT_THAT(result.error().message(), HasSubstr(what)) << json;
  }
}

TEST(AppendNumbers, WritesBothKinds) {
  const NumericArray two_by_two{{2, 2}, {0.5, 2, -1e300, std::nan("")}};
  std::string out;
  append_numbers(out, DataKind::kTensor, two_by_two);
  EXPECT_EQ(out, R"("tensor":{"shape":[2,2],"values":[0.5,2,-1e+300,"NaN"]})");
  out.clear();
  append_numbers(out, DataKind::kNdarray, two_by_two);
  EXPECT_EQ(out, R"("ndarray":[[0.5,2],[-1e+300,NaN]])");
  out.clear();
  append_numbers(out, DataKind::kNdarray, {{2, 0}, {}});
  EXPECT_EQ(out, R"("ndarray":[[],[]])");
  out.clear();
  append_numbers(out, DataKind::kTensor, {{2, 0}, {}});
  EXPECT_EQ(out, R"("tensor":{"shape":[2,0],"values":[]})");
}

TEST(AppendNumbers, TakesNoTimeForRowsWithoutValues) {
  std::string out;
  append_numbers(out, DataKind::kTensor, {{std::numeric_limits<std::size_t>::max(), 0}, {}});
  EXPECT_EQ(out, R"("tensor":{"shape":[18446744073709551615,0],"values":[]})");
}

}  // namespace
}  // namespace infergraph::protocol
