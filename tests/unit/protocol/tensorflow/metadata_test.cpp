#include "protocol/tensorflow/metadata.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tensorflow/codec.hpp"
#include "tensorflow_serving/model_metadata.pb.h"
#include "tensorflow_serving/model_status.pb.h"

namespace infergraph::protocol {
namespace {

constexpr std::string_view kMetadata =
    R"({"model_spec":{"name":"m","signature_name":"","version":"1"},)"
    R"("metadata":{"signature_def":{"signature_def":{"other":{"inputs":{},"outputs":{},)"
    R"("method_name":""},"serving_default":{"inputs":{)"
    R"("b":{"dtype":"DT_STRING","tensor_shape":{"dim":[],"unknown_rank":true},"name":"b:0"},)"
    R"("x":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"-1","name":""},)"
    R"({"size":"784","name":"w"}],"unknown_rank":false},"name":"x:0"}},)"
    R"("outputs":{"y":{"dtype":"DT_QINT8","tensor_shape":{"dim":[],"unknown_rank":false},)"
    R"("name":"y:0"}},"method_name":"tensorflow/serving/predict"}}}}})";

std::string text_of(const Result<Payload>& payload) {
  return payload ? std::string(payload->bytes()) : "error: " + payload.error().message();
}

TEST(TensorflowMetadata, IsReadFromEitherTransport) {
  const Payload json = Payload::json(std::string(kMetadata));
  const auto proto = convert_tensorflow_metadata(json, Encoding::kProto);
  ASSERT_TRUE(proto.has_value()) << proto.error().message();
  for (const Payload& payload : {json, *proto}) {
    const auto signature = read_tensorflow_metadata(payload, "");
    ASSERT_TRUE(signature.has_value()) << signature.error().message();
    ASSERT_EQ(signature->inputs.size(), 2U);
    EXPECT_EQ(signature->inputs[0].name, "b");
    EXPECT_EQ(signature->inputs[0].type, DataType::kBytes);
    EXPECT_TRUE(signature->inputs[0].unknown_rank);
    EXPECT_EQ(signature->inputs[1].name, "x");
    EXPECT_EQ(signature->inputs[1].type, DataType::kFloat32);
    EXPECT_EQ(signature->inputs[1].shape, (std::vector<std::int64_t>{-1, 784}));
    EXPECT_FALSE(signature->inputs[1].unknown_rank);
    ASSERT_EQ(signature->outputs.size(), 1U);
    EXPECT_EQ(signature->outputs[0].type, DataType::kUnknown);
    EXPECT_TRUE(signature->outputs[0].shape.empty());

    EXPECT_TRUE(read_tensorflow_metadata(payload, "other")->inputs.empty());
    const auto missing = read_tensorflow_metadata(payload, "x");
    EXPECT_EQ(missing.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(missing.error().message(),
              "Serving signature name: \"x\" not found in signature def");
  }
}

TEST(TensorflowMetadata, GoesThereAndBack) {
  const Payload json = Payload::json(std::string(kMetadata));
  const auto proto = convert_tensorflow_metadata(json, Encoding::kProto);
  tensorflow::serving::GetModelMetadataResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(proto->bytes())));
  EXPECT_EQ(response.metadata().at("signature_def").type_url(),
            "type.googleapis.com/tensorflow.serving.SignatureDefMap");
  EXPECT_EQ(text_of(convert_tensorflow_metadata(*proto, Encoding::kJson)), kMetadata);
  EXPECT_EQ(text_of(convert_tensorflow_metadata(json, Encoding::kJson)), kMetadata);
}

TEST(TensorflowMetadata, StatusGoesThereAndBack) {
  const std::string text = R"({"model_version_status":[{"version":"1","state":"AVAILABLE",)"
                           R"("status":{"error_code":"OK","error_message":""}},)"
                           R"({"version":"9007199254740993","state":"UNKNOWN",)"
                           R"("status":{"error_code":"NOT_FOUND","error_message":"gone"}}]})";
  const auto proto = convert_tensorflow_status(Payload::json(text), Encoding::kProto);
  tensorflow::serving::GetModelStatusResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(proto->bytes())));
  EXPECT_EQ(response.model_version_status(1).version(), 9007199254740993);
  EXPECT_EQ(text_of(convert_tensorflow_status(*proto, Encoding::kJson)), text);
}

TEST(TensorflowMetadata, SaysWhatCannotBeRead) {
  struct Case {
    std::string body;
    std::string why;
  };
  for (const Case& one : {
           Case{R"({"error":"not found"})", "error: not found"},
           Case{R"([])", "error: expected an object but found an array"},
           Case{R"({"metadata":{}})", "error: the metadata has no signature_def"},
           Case{R"({"metadata":{"signature_def":{"signature_def":{"s":{"inputs":1}}}}})",
                "error: metadata.signature_def: signature_def.s.inputs: expected an object but "
                "found a number"},
       }) {
    const auto made = convert_tensorflow_metadata(Payload::json(one.body), Encoding::kProto);
    EXPECT_EQ(text_of(made), one.why);
    EXPECT_EQ(made.error().code(), Code::kBadUpstream);
    EXPECT_EQ(read_tensorflow_metadata(Payload::json(one.body), "").error().code(),
              Code::kBadUpstream);
  }
  EXPECT_EQ(text_of(convert_tensorflow_status(Payload::json(R"({"error":"x"})"), Encoding::kProto)),
            "error: x");
  EXPECT_EQ(text_of(convert_tensorflow_status(Payload::proto("\x08"), Encoding::kJson)),
            "error: the status is not a GetModelStatusResponse");
  EXPECT_EQ(text_of(convert_tensorflow_metadata(Payload::proto(""), Encoding::kJson)),
            "error: the metadata has no signature_def");
}

TEST(TensorflowMetadata, IsWrittenForAModelOfAnotherProtocol) {
  const Signature signature{
      .inputs = {{.name = "x", .type = DataType::kInt64, .shape = {-1, 2}},
                 {.name = "y", .type = DataType::kUnknown, .unknown_rank = true}},
      .outputs = {{.name = "z", .type = DataType::kBytes}}};
  EXPECT_EQ(
      text_of(write_tensorflow_metadata("m", signature, Encoding::kJson)),
      R"({"model_spec":{"name":"m","signature_name":""},)"
      R"("metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{)"
      R"("x":{"dtype":"DT_INT64","tensor_shape":{"dim":[{"size":"-1","name":""},)"
      R"({"size":"2","name":""}],"unknown_rank":false},"name":"x"},)"
      R"("y":{"dtype":"DT_INVALID","tensor_shape":{"dim":[],"unknown_rank":true},)"
      R"("name":"y"}},"outputs":{"z":{"dtype":"DT_STRING","tensor_shape":{"dim":[],)"
      R"("unknown_rank":false},"name":"z"}},"method_name":"tensorflow/serving/predict"}}}}})");
  const auto proto = write_tensorflow_metadata("m", signature, Encoding::kProto);
  EXPECT_EQ(read_tensorflow_metadata(*proto, "")->inputs[0].shape,
            (std::vector<std::int64_t>{-1, 2}));
}

TEST(TensorflowStatus, HasAnAvailableVersion) {
  const auto version = [](const std::string& state) {
    return R"({"version":"1","state":")" + state +
           R"(","status":{"error_code":"OK","error_message":""}})";
  };
  const auto status = [](const std::string& versions) {
    return R"({"model_version_status":[)" + versions + "]}";
  };
  struct Case {
    std::string body;
    bool is_available;
  };
  const std::vector<Case> cases{
      {status(version("AVAILABLE")), true},
      {status(version("UNLOADING") + "," + version("AVAILABLE")), true},
      {status(version("LOADING")), false},
      {status(version("END")), false},
      {status(""), false},
      {"{}", false},
      {"[]", false},
      {"hello", false},
      {"", false},
      {R"({"error":"Servable not found"})", false},
      {R"({"status":"AVAILABLE"})", false},
  };
  for (const auto& [body, is_available] : cases) {
    const Payload json = Payload::json(body);
    EXPECT_EQ(has_available_version(json), is_available) << body;
    const auto proto = convert_tensorflow_status(json, Encoding::kProto);
    EXPECT_EQ(proto && has_available_version(*proto), is_available) << body;
  }
  EXPECT_FALSE(has_available_version(Payload::proto("")));
  EXPECT_FALSE(has_available_version(Payload::proto("\xff\xff")));
}

TEST(TensorflowMetadata, IsAskedFor) {
  tensorflow::serving::GetModelMetadataRequest metadata;
  ASSERT_TRUE(metadata.ParseFromString(write_model_metadata_request("m")));
  EXPECT_EQ(metadata.model_spec().name(), "m");
  ASSERT_EQ(metadata.metadata_field_size(), 1);
  EXPECT_EQ(metadata.metadata_field(0), "signature_def");
  tensorflow::serving::GetModelStatusRequest status;
  ASSERT_TRUE(status.ParseFromString(write_model_status_request("m")));
  EXPECT_EQ(status.model_spec().name(), "m");
}

}  // namespace
}  // namespace infergraph::protocol
