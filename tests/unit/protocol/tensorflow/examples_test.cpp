#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "protocol/tensorflow/codec.hpp"
#include "tensorflow_serving/classification.pb.h"
#include "tensorflow_serving/regression.pb.h"

namespace infergraph::protocol {
namespace {

using tensorflow::serving::ClassificationRequest;
using tensorflow::serving::ClassificationResponse;
using tensorflow::serving::RegressionRequest;
using tensorflow::serving::RegressionResponse;

const ModelProfile kProfile{.name = "m"};

std::string text_of(const Result<Payload>& payload) {
  return payload ? std::string(payload->bytes()) : "error: " + payload.error().message();
}

Result<Payload> to_proto(std::string_view json, Role role, bool is_regression = false,
                         const ModelProfile& profile = kProfile) {
  return convert_examples(Payload::json(std::string(json)), role, is_regression, Encoding::kProto,
                          profile);
}

/// There and back.
std::string round(std::string_view json, Role role, bool is_regression = false) {
  const auto proto = to_proto(json, role, is_regression);
  if (!proto) return text_of(proto);
  return text_of(convert_examples(*proto, role, is_regression, Encoding::kJson, {}));
}

TEST(TensorflowExamples, RequestsGoThereAndBack) {
  struct Case {
    std::string_view json;
    std::string_view back;
  };
  for (const Case& one : {
           Case{R"({"examples":[{"i":1,"f":1.0,"s":"x","e":[],"l":[1,-2],"b":[true,false,3]}]})",
                R"({"examples":[{"b":[1,0,3],"e":[],"f":1.0,"i":1,"l":[1,-2],"s":"x"}]})"},
           Case{R"({"signature_name":"s","context":{"c":1e3},"examples":[{},{"x":[0.1,NaN]}]})",
                R"({"signature_name":"s","context":{"c":1000.0},"examples":[{},{"x":[0.1,NaN]}]})"},
           Case{R"({"examples":[{"x":[-Infinity,Inf,1e30]}]})",
                R"({"examples":[{"x":[-Infinity,Infinity,1e+30]}]})"},
           Case{R"({"examples":[{"x":{"b64":"eA=="},"y":["a",{"b64":"/w=="},"\u00e9\""]}]})",
                R"({"examples":[{"x":"x","y":["a",{"b64":"/w=="},"é\""]}]})"},
           Case{R"({"examples":[{"x":9223372036854775807}],"other":{"examples":1}})",
                R"({"examples":[{"x":9223372036854775807}]})"},
           // Of several of one name the last counts.
           Case{R"({"examples":[{"a":1}],"examples":[{"x":1,"x":"2"}]})",
                R"({"examples":[{"x":"2"}]})"},
           Case{R"({"examples":[{"a":1}],"context":{"b":1},"context":{}})",
                R"({"context":{},"examples":[{"a":1}]})"},
       }) {
    EXPECT_EQ(round(one.json, Role::kRequest), one.back) << one.json;
  }
}

TEST(TensorflowExamples, AreTypedByTheirJson) {
  const auto proto = to_proto(R"({"signature_name":"s","examples":[{"i":[1],"f":2.5,"s":"x"}]})",
                              Role::kRequest, true);
  RegressionRequest request;
  ASSERT_TRUE(request.ParseFromString(std::string(proto->bytes())));
  EXPECT_EQ(request.model_spec().name(), "m");
  EXPECT_EQ(request.model_spec().signature_name(), "s");
  const auto& features = request.input().example_list().examples(0).features().feature();
  EXPECT_EQ(features.at("i").int64_list().value(0), 1);
  EXPECT_EQ(features.at("f").float_list().value(0), 2.5F);
  EXPECT_EQ(features.at("s").bytes_list().value(0), "x");

  ClassificationRequest other;
  ASSERT_TRUE(other.ParseFromString(
      std::string(to_proto(R"({"signature_name":"s","context":{},"examples":[{}]})", Role::kRequest,
                           false, {.name = "m", .signature_name = "t"})
                      ->bytes())));
  EXPECT_EQ(other.model_spec().signature_name(), "t");
  EXPECT_TRUE(other.input().example_list_with_context().has_context());
}

TEST(TensorflowExamples, SayWhatIsWrongWithARequest) {
  struct Case {
    std::string_view json;
    std::string_view why;
  };
  for (const Case& one : {
           Case{"[]", "expected an object but found an array"},
           Case{"{}", "Missing 'examples' key"},
           Case{R"({"examples":{}})", "examples: expected an array but found an object"},
           Case{R"({"examples":[]})", "examples: expected at least one example"},
           Case{R"({"examples":[1]})", "examples[0]: expected an object but found a number"},
           Case{R"({"examples":[[]]})", "examples[0]: expected an object but found an array"},
           Case{R"({"examples":[{"x":null}]})", "examples[0].x: expected a value but found null"},
           Case{R"({"examples":[{},{"x":[1,[2]]}]})",
                "examples[1].x[1]: expected a value but found an array"},
           Case{R"({"examples":[{"x":[1,2.5]}]})",
                "examples[0].x[1]: the values of a feature must be of one type"},
           Case{R"({"examples":[{"x":["a",1]}]})",
                "examples[0].x[1]: the values of a feature must be of one type"},
           Case{R"({"examples":[{"x":{"b64":1}}]})",
                "examples[0].x: expected a value or {\"b64\": \"…\"} but found an object"},
           Case{R"({"examples":[{"x":{"b64":"eA==","y":1}}]})",
                "examples[0].x: expected a value or {\"b64\": \"…\"} but found an object"},
           Case{R"({"examples":[{"x":[{"b64":["eA=="]}]}]})",
                "examples[0].x[0].b64: expected base64 but found an array"},
           Case{R"({"examples":[{"x":{"b64":"*"}}]})", "examples[0].x: b64 is not base64"},
           Case{R"({"examples":[{"x":9223372036854775808}]})",
                "examples[0].x: 9223372036854775808 is out of range for an int64"},
           Case{R"({"examples":[{"x":1e39}]})", "examples[0].x: 1e39 is out of range for a float"},
           Case{R"({"context":[],"examples":[{}]})",
                "context: expected an object but found an array"},
           Case{R"({"context":{"x":[[]]},"examples":[{}]})",
                "context.x[0]: expected a value but found an array"},
           Case{"{\"examples\":[{\"\xFF\":1}]}", "examples[0].\xFF: the name is not UTF-8"},
           Case{"{\"signature_name\":\"\xFF\",\"examples\":[{}]}",
                "signature_name: the text is not UTF-8"},
           Case{R"({"signature_name":1,"examples":[{}]})",
                "'signature_name' key must be a string value."},
       }) {
    const auto made = to_proto(one.json, Role::kRequest);
    ASSERT_FALSE(made.has_value()) << one.json;
    EXPECT_EQ(made.error().message(), one.why) << one.json;
    EXPECT_EQ(made.error().code(), Code::kInvalidArgument);
  }
}

TEST(TensorflowExamples, ResultsGoThereAndBack) {
  constexpr std::string_view kClasses = R"({"results":[[["a",0.25],["",1.0]],[]]})";
  EXPECT_EQ(round(kClasses, Role::kAnswer), kClasses);
  ClassificationResponse classes;
  ASSERT_TRUE(classes.ParseFromString(std::string(to_proto(kClasses, Role::kAnswer)->bytes())));
  EXPECT_EQ(classes.model_spec().name(), "m");
  EXPECT_EQ(classes.result().classifications(0).classes(0).label(), "a");

  constexpr std::string_view kValues = R"({"results":[0.1,2.0,NaN]})";
  EXPECT_EQ(round(kValues, Role::kAnswer, true), kValues);
  EXPECT_EQ(round(R"({"result":[3]})", Role::kAnswer, true), R"({"results":[3.0]})");
  RegressionResponse values;
  ASSERT_TRUE(values.ParseFromString(std::string(to_proto(kValues, Role::kAnswer, true)->bytes())));
  EXPECT_EQ(values.result().regressions(0).value(), 0.1F);
}

TEST(TensorflowExamples, SayWhatIsWrongWithResults) {
  struct Case {
    std::string_view json;
    bool is_regression;
    std::string_view why;
  };
  for (const Case& one : {
           Case{"{}", true, "error: Missing 'results' key"},
           Case{R"({"error":"no such \u0022model\u0022"})", false, "error: no such \"model\""},
           Case{R"({"results":1})", true, "error: results: expected an array but found a number"},
           Case{R"({"results":["1"]})", true,
                "error: results[0]: expected a number but found a string"},
           Case{R"({"results":[[1]]})", true,
                "error: results[0]: expected a number but found an array"},
           Case{R"({"results":[1]})", false,
                "error: results[0]: expected an array but found a number"},
           Case{R"({"results":[["a",1]]})", false,
                "error: results[0][0]: expected an array but found a string"},
           Case{R"({"results":[[["a"]]]})", false,
                "error: results[0][0]: expected a label and a score"},
           Case{R"({"results":[[["a",1,2]]]})", false,
                "error: results[0][0]: expected a label and a score"},
           Case{R"({"results":[[[1,"a"]]]})", false,
                "error: results[0][0][0]: expected a string but found a number"},
           Case{"{\"results\":[[[\"\xFF\",1]]]}", false,
                "error: results[0][0][0]: the text is not UTF-8"},
           Case{R"({"results":[[["a",[1]]]]})", false,
                "error: results[0][0][1]: expected a number but found an array"},
       }) {
    EXPECT_EQ(text_of(to_proto(one.json, Role::kAnswer, one.is_regression)), one.why) << one.json;
  }
  EXPECT_EQ(text_of(convert_examples(Payload::proto("\x0A"), Role::kAnswer, true, Encoding::kJson,
                                     kProfile)),
            "error: the message is not a RegressionResponse");
}

}  // namespace
}  // namespace infergraph::protocol
