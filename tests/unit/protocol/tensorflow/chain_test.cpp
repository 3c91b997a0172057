#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "protocol/tensorflow/codec.hpp"
#include "tensorflow_serving/predict.pb.h"

namespace infergraph::protocol {
namespace {

using tensorflow::serving::PredictRequest;
using tensorflow::serving::PredictResponse;

std::string chained(std::string_view answer, const std::string& signature = "") {
  const auto made = chain_tensorflow_json(Payload::json(std::string(answer)),
                                          {.name = "m", .signature_name = signature});
  return made ? std::string(made->bytes()) : "error: " + made.error().message();
}

struct Case {
  std::string_view answer;
  std::string_view request;
  std::string signature = "";
};

TEST(TensorflowChain, RenamesTheKeyAndNothingElse) {
  for (const Case& one : {
           Case{R"({"predictions":[1.50, 2e3 ,NaN]})", R"({"instances":[1.50, 2e3 ,NaN]})"},
           Case{"{\n  \"outputs\" : {\"a\": [[1]]}\n}\n", "{\n  \"inputs\" : {\"a\": [[1]]}\n}\n"},
           Case{R"( {"x":{"predictions":1},"predictions":[{"predictions":2}],"y":null})",
                R"( {"x":{"predictions":1},"instances":[{"predictions":2}],"y":null})"},
           Case{R"({"\u0070redictions":[]})", R"({"instances":[]})"},
           // The signature comes first, or in the place of another.
           Case{R"({ "predictions":[1]})", R"({"signature_name":"s\"t", "instances":[1]})", "s\"t"},
           Case{R"({"outputs":1,"signature_name":"a"})", R"({"inputs":1,"signature_name":"b"})",
                "b"},
           Case{R"({"signature_name":"a","outputs":1})", R"({"signature_name":"b","inputs":1})",
                "b"},
           Case{R"({"signature_name":"a","outputs":1})", R"({"signature_name":"a","inputs":1})"},
           // A request is none to chain.
           Case{R"({"instances":[1],"predictions":[2]})", R"({"instances":[1],"predictions":[2]})",
                "s"},
           Case{R"({"inputs":1})", R"({"inputs":1})"},
       }) {
    EXPECT_EQ(chained(one.answer, one.signature), one.request) << one.answer;
  }
}

TEST(TensorflowChain, SaysWhyThereIsNoRequest) {
  for (const Case& one : {
           Case{"{}", "error: Missing 'predictions' or 'outputs' key"},
           Case{R"({"error":"Servable \"x\""})",
                "error: Missing 'predictions' or 'outputs' key: Servable \"x\""},
           Case{R"({"predictions":[1],"outputs":1})",
                "error: both 'predictions' and 'outputs' keys are there"},
           Case{"[1]", "error: expected an object but found an array"},
           Case{R"({"predictions":[1)",
                "error: malformed JSON at byte 17: Missing a comma or ']' after an array element."},
       }) {
    EXPECT_EQ(chained(one.answer), one.request) << one.answer;
  }
}

PredictResponse response_of(std::size_t content) {
  PredictResponse response;
  response.mutable_model_spec()->set_name("before");
  response.mutable_model_spec()->mutable_version()->set_value(3);
  for (const std::string name : {"a", "b"}) {
    auto& tensor = (*response.mutable_outputs())[name];
    tensor.set_dtype(tensorflow::DT_UINT8);
    tensor.mutable_tensor_shape()->add_dim()->set_size(static_cast<std::int64_t>(content));
    tensor.set_tensor_content(std::string(content, name[0]));
  }
  return response;
}

TEST(TensorflowChain, MakesOutputsInputs) {
  for (const std::size_t content : {0, 3, 1'000'000}) {
    const PredictResponse response = response_of(content);
    const auto made = chain_tensorflow_proto(Payload::proto(response.SerializeAsString()),
                                             {.name = "m", .signature_name = "s", .output = "y"});
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->encoding(), Encoding::kProto);
    EXPECT_EQ(made->pieces() != nullptr, content > 1000);
    PredictRequest request;
    ASSERT_TRUE(request.ParseFromString(std::string(made->bytes())));
    EXPECT_EQ(request.model_spec().name(), "m");
    EXPECT_EQ(request.model_spec().signature_name(), "s");
    EXPECT_FALSE(request.model_spec().has_version());
    ASSERT_EQ(request.output_filter_size(), 1);
    EXPECT_EQ(request.output_filter(0), "y");
    ASSERT_EQ(request.inputs_size(), 2);
    for (const auto& [name, tensor] : request.inputs()) {
      EXPECT_EQ(tensor.SerializeAsString(), response.outputs().at(name).SerializeAsString());
    }
  }
}

TEST(TensorflowChain, SaysWhyAProtoIsNone) {
  const auto why = [](std::string wire) {
    return chain_tensorflow_proto(Payload::proto(std::move(wire)), {.name = "m"}).error().message();
  };
  EXPECT_EQ(why(""), "the answer has no outputs");
  EXPECT_EQ(why("\x0A\x05"), "the answer is not a PredictResponse");
  EXPECT_EQ(why("\x08\x05"), "the answer is not a PredictResponse");
}

}  // namespace
}  // namespace infergraph::protocol
