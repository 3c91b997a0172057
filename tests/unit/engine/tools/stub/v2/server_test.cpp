#include "engine/tools/stub/v2/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace infergraph::engine {
namespace {

using protocol::GrpcCode;
using testing::HasSubstr;

std::shared_ptr<const SoftmaxModel> even_model() {
  return std::make_shared<const SoftmaxModel>(
      *SoftmaxModel::read("inputs 2 outputs 4 weights 0 0 0 0 0 0 0 0"));
}

StubReply ask(StubServer& server, std::string_view verb, std::string_view path,
              const std::string& body = "", std::string_view json_size = "") {
  const protocol::HeaderField header{"inference-header-content-length", json_size};
  HttpRequest request;
  request.verb = verb;
  request.path = path;
  request.body = protocol::Payload::json(body);
  if (!json_size.empty()) request.headers = {&header, 1};
  return server.answer(request);
}

std::string body_of(const StubReply& reply) { return std::string(reply.response.body.bytes()); }

constexpr const char* kInfer = "/v2/models/m/infer";

std::string tensor(const std::string& type, const std::string& shape, const std::string& data) {
  return R"({"inputs":[{"name":"x","datatype":")" + type + R"(","shape":)" + shape + R"(,"data":)" +
         data + "}]}";
}

TEST(V2Server, AnswersForTheServerAndItsModel) {
  V2Server server({"m"}, even_model());
  const std::pair<const char*, const char*> cases[] = {
      {"/v2", R"({"name":"infergraph-stub","version":"1","extensions":["binary_tensor_data"]})"},
      {"/v2/health/live", ""},
      {"/v2/health/ready", ""},
      {"/v2/models/m/ready", ""},
      {"/v2/models/m/versions/1/ready", ""},
      {"/v2/models/m",
       R"({"name":"m","versions":["1"],"platform":"tensorflow_savedmodel","inputs":[{"name":)"
       R"("images","datatype":"FP32","shape":[-1,2]}],"outputs":[{"name":"scores","datatype":)"
       R"("FP32","shape":[-1,4]}]})"},
  };
  for (const auto& [path, body] : cases) {
    const auto reply = ask(server, "GET", path);
    EXPECT_EQ(reply.response.status, 200) << path;
    EXPECT_EQ(body_of(reply), body) << path;
  }
  const std::string request =
      R"({"id":"7","inputs":[{"name":"images","datatype":"FP32","shape":[1,2],"data":[[1,2]]}]})";
  for (const char* path : {kInfer, "/v2/models/m/versions/1/infer"}) {
    EXPECT_EQ(body_of(ask(server, "POST", path, request)),
              R"({"id":"7","model_name":"m","model_version":"1","outputs":[{"name":"scores",)"
              R"("datatype":"FP32","shape":[1,4],"data":[0.25,0.25,0.25,0.25]}]})");
  }
}

TEST(V2Server, AnIdentityGivesEveryTypeBack) {
  V2Server server({"m"}, nullptr);
  struct Case {
    const char* type;
    const char* shape;
    const char* data;
    const char* flat;
  };
  const Case cases[] = {
      {"BOOL", "[2]", "[true,false]", "[true,false]"},
      {"UINT8", "[2]", "[0,255]", "[0,255]"},
      {"UINT16", "[1]", "[65535]", "[65535]"},
      {"UINT32", "[1]", "[4294967295]", "[4294967295]"},
      {"UINT64", "[1]", "[18446744073709551615]", "[18446744073709551615]"},
      {"INT8", "[2]", "[-128,127]", "[-128,127]"},
      {"INT16", "[1]", "[-32768]", "[-32768]"},
      {"INT32", "[1]", "[-2147483648]", "[-2147483648]"},
      {"INT64", "[2]", "[-9223372036854775808,9007199254740993]",
       "[-9223372036854775808,9007199254740993]"},
      {"FP32", "[2,2]", "[[0.1,1],[3.5,1e30]]", "[0.1,1.0,3.5,1e+30]"},
      {"FP64", "[1]", "[0.30000000000000004]", "[0.30000000000000004]"},
      {"BYTES", "[2]", R"(["a","ü\n"])", R"(["a","ü\n"])"},
      {"INT32", "[]", "7", "[7]"},
      {"FP32", "[0,3]", "[]", "[]"},
  };
  for (const Case& one : cases) {
    const auto reply = ask(server, "POST", kInfer, tensor(one.type, one.shape, one.data));
    EXPECT_EQ(body_of(reply), R"({"model_name":"m","model_version":"1","outputs":[{"name":"x",)"
                              R"("datatype":")" +
                                  std::string(one.type) + R"(","shape":)" + one.shape +
                                  R"(,"data":)" + one.flat + "}]}");
  }
}

TEST(V2Server, TakesAndGivesBinaryTensors) {
  V2Server server({"m"}, nullptr);
  const std::string halves("\x00\x3c\x00\xc0", 4);
  const std::string json =
      R"({"inputs":[{"name":"a","datatype":"INT8","shape":[1],"data":[5]},)"
      R"({"name":"h","datatype":"FP16","shape":[2],"parameters":{"binary_data_size":4}}],)"
      R"("outputs":[{"name":"h","parameters":{"binary_data":true}},{"name":"a"}]})";
  const auto reply = ask(server, "POST", kInfer, json + halves, std::to_string(json.size()));
  ASSERT_EQ(reply.response.status, 200) << body_of(reply);
  const std::string head =
      R"({"model_name":"m","model_version":"1","outputs":[{"name":"h","datatype":"FP16",)"
      R"("shape":[2],"parameters":{"binary_data_size":4}},{"name":"a","datatype":"INT8",)"
      R"("shape":[1],"data":[5]}]})";
  EXPECT_EQ(body_of(reply), head + halves);
  EXPECT_EQ(reply.response.body.json_size(), head.size());
  EXPECT_EQ(reply.response.body.content_type(), "application/octet-stream");

  // The default for all outputs, which one of them overrides.
  const std::string both =
      R"({"parameters":{"binary_data_output":true},"inputs":[{"name":"a","datatype":"INT8",)"
      R"("shape":[1],"data":[5]},{"name":"b","datatype":"INT8","shape":[1],"data":[6]}],)"
      R"("outputs":[{"name":"a"},{"name":"b","parameters":{"binary_data":false}}]})";
  const std::string made = body_of(ask(server, "POST", kInfer, both));
  EXPECT_THAT(made, HasSubstr(R"("shape":[1],"data":[6]}]})"
                              "\x05"));
}

TEST(V2Server, TakesTheRawBinaryRequest) {
  V2Server server({"m"}, even_model());
  const auto reply = ask(server, "POST", kInfer, std::string(8, '\0'), "0");
  ASSERT_EQ(reply.response.status, 200) << body_of(reply);
  ASSERT_TRUE(reply.response.body.json_size());
  float score = 0;
  const std::string binary = body_of(reply).substr(*reply.response.body.json_size());
  ASSERT_EQ(binary.size(), 16U);
  std::memcpy(&score, binary.data(), sizeof(score));
  EXPECT_EQ(score, 0.25F);
}

TEST(V2Server, RefusesAsTritonDoes) {
  struct Case {
    const char* path;
    std::string body;
    std::string json_size;
    int status;
    const char* message;
  };
  const std::string input = R"({"inputs":[{"name":"images","datatype":"FP32","shape":[1,2],)";
  const std::string binary = input + R"("parameters":{"binary_data_size":8}}]})";
  const Case cases[] = {
      {"/v2/models/x/infer", "{}", "", 404, "Request for unknown model: 'x' is not found"},
      {"/v2/models/m/versions/3/infer", "{}", "", 404,
       "Request for unknown model: 'm' version 3 is not found"},
      {"/v2/else", "", "", 404, "Not Found"},
      {"/v2/models/m/versions/x/infer", "", "", 404, "Not Found"},
      {"/v2/models/m", "", "", 405, "Method Not Allowed"},
      {kInfer, "{", "", 400, "failed to parse the request JSON buffer: Missing a name for object"},
      {kInfer, "{}", "", 400, "attempt to access non-existing object member 'inputs'"},
      {kInfer, R"({"inputs":[]})", "", 400, "expected 1 inputs but got 0 inputs for model 'm'"},
      {kInfer, R"({"inputs":[{}]})", "", 400, "Unable to parse 'name'"},
      {kInfer, tensor("FP32", "[1,2]", "[1,2]"), "", 400,
       "unexpected inference input 'x' for model 'm'"},
      {kInfer, input + R"("data":[1,"a"]}]})", "", 400,
       "Unable to parse 'data': attempt to access JSON value as FP32"},
      {kInfer, input + R"("data":[1]}]})", "", 400,
       "Shape does not match true shape of 'data' field"},
      {kInfer, input + "\"data\":[1,2]}],\"outputs\":[{\"name\":\"y\"}]}", "", 400,
       "unexpected inference output 'y' for model 'm'"},
      {kInfer, R"({"inputs":[{"name":"images","datatype":"INT32","shape":[1,2],"data":[1,2]}]})",
       "", 400, "data-type is 'INT32', but model 'm' expects 'FP32'"},
      {kInfer, R"({"inputs":[{"name":"images","datatype":"FP32","shape":[1,3],"data":[1,2,3]}]})",
       "", 400, "unexpected shape for input 'images' for model 'm'. Expected [-1,2], got [1,3]"},
      {kInfer, R"({"inputs":[{"name":"images","datatype":"FP16","shape":[1],"data":[1]}]})", "",
       400, "sending FP16 data via JSON is not supported"},
      {kInfer, R"({"inputs":[{"name":"images","datatype":"FP32","shape":[-1,2],"data":[1]}]})", "",
       400, "Unable to parse 'shape'"},
      {kInfer, binary + "12345678", "x", 400,
       "Unable to parse Inference-Header-Content-Length, got: x"},
      {kInfer, binary, "9999", 400, "inference header size should be in range (0, "},
      {kInfer, binary + "1234", std::to_string(binary.size()), 400,
       "unexpected size for input 'images', expecting 4 additional bytes for model 'm'"},
      {kInfer, binary + "12345678+", std::to_string(binary.size()), 400,
       "unexpected additional input data for model 'm'"},
      {kInfer, "1234", "0", 400, "input byte size mismatch for input 'images' for model 'm'"},
  };
  V2Server server({"m"}, even_model());
  for (const Case& one : cases) {
    const auto reply = ask(server, "POST", one.path, one.body, one.json_size);
    EXPECT_EQ(reply.response.status, one.status) << one.body;
    EXPECT_THAT(body_of(reply), HasSubstr(one.message)) << one.body;
    EXPECT_THAT(body_of(reply), testing::StartsWith("{\"error\":\""));
  }
  const auto unready = ask(server, "GET", "/v2/models/x/ready");
  EXPECT_EQ(unready.response.status, 400);
  EXPECT_EQ(body_of(unready), R"({"error":"Model version not ready"})");
}

StubReply call(StubServer& server, std::string_view method,
               const google::protobuf::Message& message) {
  HttpRequest request;
  request.verb = "POST";
  request.path = method;
  request.body = protocol::Payload::proto(message.SerializeAsString());
  return server.answer(request);
}

TEST(V2Server, AnswersOverGrpc) {
  V2Server server({"m"}, nullptr);
  inference::ModelInferRequest request;
  request.set_model_name("m");
  request.set_id("7");
  auto& words = *request.add_inputs();
  words.set_name("w");
  words.set_datatype("BYTES");
  words.add_shape(2);
  words.mutable_contents()->add_bytes_contents("a");
  words.mutable_contents()->add_bytes_contents("");
  auto& small = *request.add_inputs();
  small.set_name("s");
  small.set_datatype("INT8");
  small.add_shape(1);
  small.mutable_contents()->add_int_contents(-3);
  const auto infer = server.grpc_methods()[0];
  const auto reply = call(server, infer, request);
  ASSERT_EQ(reply.status.code, GrpcCode::kOk) << reply.status.message;
  inference::ModelInferResponse response;
  ASSERT_TRUE(response.ParseFromString(body_of(reply)));
  EXPECT_EQ(response.id(), "7");
  ASSERT_EQ(response.raw_output_contents_size(), 2);
  EXPECT_EQ(response.raw_output_contents(0), std::string("\x01\0\0\0a\0\0\0\0", 9));
  EXPECT_EQ(response.raw_output_contents(1), "\xfd");

  small.mutable_contents()->add_int_contents(4);
  EXPECT_THAT(call(server, infer, request).status.message, HasSubstr("byte size mismatch"));
  request.add_raw_input_contents("");
  request.add_raw_input_contents("a");
  EXPECT_THAT(call(server, infer, request).status.message,
              HasSubstr("contents field must not be specified"));
  request.set_model_name("x");
  EXPECT_EQ(call(server, infer, request).status.code, GrpcCode::kNotFound);

  inference::ModelReadyRequest asked;
  asked.set_name("x");
  inference::ModelReadyResponse ready;
  ASSERT_TRUE(ready.ParseFromString(body_of(call(server, server.grpc_methods()[4], asked))));
  EXPECT_FALSE(ready.ready());
}

}  // namespace
}  // namespace infergraph::engine
