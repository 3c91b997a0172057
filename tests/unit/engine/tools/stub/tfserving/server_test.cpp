#include "engine/tools/stub/tfserving/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/tfserving/json.hpp"

namespace infergraph::engine {
namespace {

using protocol::GrpcCode;
using testing::HasSubstr;

// Equal scores for each class, whatever comes in.
std::shared_ptr<const SoftmaxModel> even_model() {
  return std::make_shared<const SoftmaxModel>(
      *SoftmaxModel::read("inputs 2 outputs 4 weights 0 0 0 0 0 0 0 0"));
}

StubReply ask(StubServer& server, std::string_view verb, std::string_view path,
              const std::string& body = "") {
  HttpRequest request;
  request.verb = verb;
  request.path = path;
  request.body = protocol::Payload::json(body);
  return server.answer(request);
}

std::string compact(std::string_view json) { return without_space(json); }

std::string body_of(const StubReply& reply) { return std::string(reply.response.body.bytes()); }

std::string error_text(std::string_view message) {
  return "{\n    \"error\": \"" + std::string(message) + "\"\n}";
}

StubReply call(StubServer& server, std::string_view method,
               const google::protobuf::Message& message) {
  HttpRequest request;
  request.verb = "POST";
  request.path = method;
  request.body = protocol::Payload::proto(message.SerializeAsString());
  return server.answer(request);
}

constexpr const char* kPredict = "/v1/models/m:predict";

TEST(TfServing, AnswersInTheFormatOfTheRequest) {
  TfServing server({"m"}, even_model());
  const auto row = ask(server, "POST", kPredict, R"({"instances":[[1,2],[3,4.5]]})");
  EXPECT_EQ(row.response.status, 200);
  EXPECT_EQ(row.response.body.content_type(), "application/json");
  EXPECT_EQ(body_of(row),
            "{\n    \"predictions\": [[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]\n}");
  for (const char* request :
       {R"({"inputs":[[1,2]]})", R"({"inputs":{"images":[[1,2]],"extra":1}})",
        R"({"signature_name":"predict_images","inputs":[[1,2]]})",
        R"({"signature_name":"serving_default","inputs":[[NaN,-Infinity]]})"}) {
    const auto column = ask(server, "POST", kPredict, request);
    EXPECT_EQ(column.response.status, 200) << body_of(column);
    EXPECT_THAT(body_of(column), HasSubstr("{\n    \"outputs\": [["));
  }
  const auto named = ask(server, "POST", kPredict, R"({"instances":[{"images":[1,2]}]})");
  EXPECT_EQ(body_of(named), "{\n    \"predictions\": [[0.25, 0.25, 0.25, 0.25]]\n}");
}

TEST(TfServing, TakesBatchesOfPlainNumbersForAModelOfOneInput) {
  const auto half = std::make_shared<const SoftmaxModel>(SoftmaxModel::half_plus_two());
  TfServing alone({"m"}, half);
  TfServing beside({"m"}, even_model(), half);
  const std::pair<const char*, const char*> cases[] = {
      {R"({"instances":[1.0,2.0,5.0]})", R"({"predictions":[2.5,3.0,4.5]})"},
      {R"({"instances":[{"images":1}]})", R"({"predictions":[2.5]})"},
      {R"({"inputs":[1,2]})", R"({"outputs":[2.5,3.0]})"},
      {R"({"inputs":4})", R"({"outputs":4.0})"},
  };
  for (const auto& [request, answer] : cases) {
    for (TfServing* server : {&alone, &beside}) {
      const auto reply = ask(*server, "POST", kPredict, request);
      EXPECT_EQ(compact(body_of(reply)), answer) << request;
    }
  }
  EXPECT_EQ(compact(body_of(ask(alone, "POST", kPredict, R"({"instances":[[1],[2]]})"))),
            R"({"predictions":[[2.5],[3.0]]})");
  TfServing other({"m"}, even_model());
  EXPECT_EQ(ask(other, "POST", kPredict, R"({"instances":[1.0]})").response.status, 400);
}

TEST(TfServing, CutsTheMessageInItsErrors) {
  TfServing server({"m"}, even_model());
  std::string deep = R"({"instances":1,"inputs":)";
  for (int i = 0; i < 300; ++i) deep += R"({"a":)";
  deep += "[";
  for (int i = 0; i < 1000; ++i) deep += "1,";
  deep += "1]" + std::string(300, '}') + "}";
  const auto reply = ask(server, "POST", kPredict, deep);
  EXPECT_EQ(reply.response.status, 400);
  EXPECT_LT(body_of(reply).size(), 10'000U);
}

TEST(TfServing, TakesEveryFormOfAPath) {
  TfServing server({"a b"}, even_model());
  for (const char* path :
       {"/v1/models/a%20b:predict", "/V1/Models/a%20b:PREDICT",
        "/v1/models/a%20b/versions/1:predict", "/v1/models/a%20b/labels/stable:predict"}) {
    const auto reply = ask(server, "POST", path, R"({"instances":[[1,2]]})");
    EXPECT_EQ(reply.response.status, 200) << path << body_of(reply);
  }
  for (const char* path :
       {"/v1/models/a%20b", "/v1/models/a%20b/versions/1", "/v1/models/a%20b/labels/stable",
        "/v1/models/a%20b/metadata", "/v1/models/a%20b/versions/1/metadata"}) {
    EXPECT_EQ(ask(server, "GET", path).response.status, 200) << path;
  }
}

TEST(TfServing, ARequestThatFitsNoPathIsMalformed) {
  TfServing server({"m"}, even_model());
  const std::pair<const char*, const char*> cases[] = {
      {"GET", "/v1/models/m:predict"},
      {"POST", "/v1/models/m"},
      {"POST", "/v1/models/m/metadata"},
      {"POST", "/v1/models"},
      {"POST", "/v1/models/m/:predict"},
      {"POST", "/v1/models/m:explain"},
      {"POST", "/v1/models/m:predict/"},
      {"GET", "/v1/models/"},
      {"GET", "/v1/models/m/versions/x"},
      {"GET", "/v1/models/m/versions/1/labels/stable"},
      {"GET", "/v1/else"},
  };
  for (const auto& [verb, path] : cases) {
    const auto reply = ask(server, verb, path);
    EXPECT_EQ(reply.response.status, 400);
    EXPECT_EQ(body_of(reply), error_text("Malformed request: " + std::string(verb) + " " + path));
  }
  EXPECT_EQ(body_of(ask(server, "GET", "/v1/models")),
            error_text("Missing model name in request."));
  EXPECT_EQ(ask(server, "GET", "/healthz").response.status, 404);
}

TEST(TfServing, RefusesAsTensorFlowServingDoes) {
  struct Case {
    const char* path;
    const char* body;
    int status;
    const char* message;
  };
  const Case cases[] = {
      {"/v1/models/x:predict", "{}", 404, "Servable not found for request: Latest(x)"},
      {"/v1/models/m/versions/2:predict", "{}", 404,
       "Servable not found for request: Specific(m, 2)"},
      {"/v1/models/m/versions/99999999999999999999:predict", "{}", 400,
       "Failed to convert version: 99999999999999999999 to numeric."},
      {"/v1/models/m/labels/x:predict", "{}", 400, "Unrecognized servable version label: x"},
      {kPredict, "", 400, "JSON Parse error: The document is empty"},
      {kPredict, "{\"instances\":", 400, "JSON Parse error: Invalid value. at offset: 13"},
      {kPredict, "[1]", 400, "Is not object"},
      {kPredict, "{}", 400, "Missing 'inputs' or 'instances' key"},
      {kPredict, R"({"instances":[1],"inputs":[1]})", 400,
       "Not formatted correctly expecting only one of"},
      {kPredict, R"({"instances":{}})", 400, "Excepting 'instances' to be an list/array"},
      {kPredict, R"({"instances":[]})", 400, "No values in 'instances' array"},
      {kPredict, R"({"signature_name":1,"instances":[]})", 400,
       "'signature_name' key must be a string value."},
      {kPredict, R"({"signature_name":"x","instances":[[1,2]]})", 400,
       R"(Serving signature name: \"x\" not found in signature def)"},
      {kPredict, R"({"instances":[[1,"a"]]})", 400,
       R"(Error: INVALID_ARGUMENT: JSON Value: \"a\" Type: String is not of expected type: float)"},
      {kPredict, R"({"inputs":[[1,true]]})", 400,
       "JSON Value: true Type: True is not of expected type: float"},
      {kPredict, R"({"inputs":[[1,{"b64":"AA=="}]]})", 400,
       "Type: Object is not of expected type: float"},
      {kPredict, R"({"inputs":[[1,1e300]]})", 400, "to float without loss of precision."},
      {kPredict, R"({"inputs":[[1,16777217]]})", 400,
       "Cannot convert JSON value: 16777217 to float without loss of precision."},
      {kPredict, R"({"instances":[[1,2],[3]]})", 400,
       "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting "
       "shape [2] but got: [1]"},
      {kPredict, R"({"inputs":[[1,2],[3]]})", 400,
       "Encountered list at unexpected size: 1 at level: 1 expected size: 2"},
      {kPredict, R"({"inputs":[[1,[2]]]})", 400,
       "Encountered list at unexpected level: 2 expected < 2"},
      {kPredict, R"({"inputs":[[1,2],3]})", 400,
       "JSON Value: 3 found at incorrect level: 2 in the JSON DOM. Expected at level: 2"},
      {kPredict, R"({"instances":[{"images":[1,2]},[1,2]]})", 400,
       "Expecting object but got list at item 1 of input list"},
      {kPredict, R"({"instances":[[1,2],{"images":[1,2]}]})", 400,
       "Expecting value/list but got object at item 1 of input list"},
      {kPredict, R"({"instances":[{"x":[1,2]}]})", 400, "does not have named input: x"},
      {kPredict, R"({"instances":[{}]})", 400, "keys must be equal to: images"},
      {kPredict, R"({"inputs":{"x":[[1,2]]}})", 400,
       "Missing named input: images in 'inputs' object."},
      {kPredict, R"({"instances":[[1,2,3]]})", 400,
       "Matrix size-incompatible: In[0]: [1,3], In[1]: [2,4]"},
      {kPredict, R"({"instances":[1,2]})", 400, "In[0] is not a matrix"},
      {"/v1/models/m:classify", "{}", 400, "key 'examples' is expected and was not found"},
      {"/v1/models/m:classify", R"({"examples":[]})", 400, "'examples' value is an empty array"},
      {"/v1/models/m:classify", R"({"examples":[1]})", 400,
       "Example must be JSON object but got JSON Number"},
      {"/v1/models/m:regress", R"({"examples":[{"images":[1.5,"a"]}]})", 400,
       "Unexpected element type in feature: images expecting type: float"},
      {"/v1/models/m:regress", R"({"examples":[{"images":[null]}]})", 400,
       "Feature: images has element with unexpected JSON type: Null"},
      {"/v1/models/m:regress", R"({"examples":[{"x":1.5}]})", 400,
       "Feature: images (data type: float) is required but could not be found."},
      {"/v1/models/m:regress", R"({"examples":[{"images":[1,2]}]})", 400,
       "Data types don't match. Data type: int64 but expected type: float"},
      {"/v1/models/m:regress", R"({"examples":[{"images":[1.5]}]})", 400,
       "values size: 1 but output shape: [2]"},
  };
  TfServing server({"m"}, even_model());
  for (const Case& one : cases) {
    const auto reply = ask(server, "POST", one.path, one.body);
    EXPECT_EQ(reply.response.status, one.status) << one.body << body_of(reply);
    EXPECT_THAT(body_of(reply), HasSubstr(one.message)) << one.body;
    EXPECT_THAT(body_of(reply), testing::StartsWith("{\n    \"error\": \""));
  }
  EXPECT_EQ(body_of(ask(server, "GET", "/v1/models/x")),
            error_text("Could not find any versions of model x"));
  EXPECT_EQ(ask(server, "GET", "/v1/models/x").response.status, 404);
  EXPECT_EQ(ask(server, "GET", "/v1/models/x/metadata").response.status, 404);
}

TEST(TfServing, ClassifiesAndRegresses) {
  TfServing server({"m"}, even_model());
  const std::string examples = R"({"examples":[{"images":[1.5,2.5]},{"images":[0.5,1.0]}]})";
  const std::string each = R"([["0",0.25],["1",0.25],["2",0.25],["3",0.25]])";
  EXPECT_EQ(compact(body_of(ask(server, "POST", "/v1/models/m:classify", examples))),
            R"({"results":[)" + each + "," + each + "]}");
  EXPECT_EQ(compact(body_of(ask(server, "POST", "/v1/models/m:regress", examples))),
            R"({"results":[1.5,1.5]})");
  const std::string context = R"({"context":{"images":[1.5,2.5]},"examples":[{"other":1}]})";
  EXPECT_EQ(compact(body_of(ask(server, "POST", "/v1/models/m:regress", context))),
            R"({"results":[1.5]})");
}

TEST(TfServing, TellsStatusAndMetadata) {
  TfServing server({"m"}, even_model());
  EXPECT_EQ(compact(body_of(ask(server, "GET", "/v1/models/m"))),
            R"({"model_version_status":[{"version":"1","state":"AVAILABLE",)"
            R"("status":{"error_code":"OK","error_message":""}}]})");
  const std::string metadata = compact(body_of(ask(server, "GET", "/v1/models/m/metadata")));
  EXPECT_THAT(metadata,
              testing::StartsWith(R"({"model_spec":{"name":"m","signature_name":"","version":"1"},)"
                                  R"("metadata":{"signature_def":{"signature_def":{)"));
  // A map has no order.
  for (const char* name : {"predict_images", "serving_default"}) {
    EXPECT_THAT(
        metadata,
        HasSubstr('"' + std::string(name) +
                  R"(":{"inputs":{"images":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[)"
                  R"({"size":"-1","name":""},{"size":"2","name":""}],"unknown_rank":false},)"
                  R"("name":"images:0"}},"outputs":{"scores":)"));
  }
  EXPECT_THAT(metadata, HasSubstr(R"("method_name":"tensorflow/serving/predict")"));
}

TEST(TfServing, AnswersOverGrpc) {
  TfServing server({"m"}, even_model());
  tfs::PredictRequest request;
  request.mutable_model_spec()->set_name("m");
  auto& tensor = (*request.mutable_inputs())["images"];
  tensor.set_dtype(tensorflow::DT_FLOAT);
  for (const int size : {3, 2}) tensor.mutable_tensor_shape()->add_dim()->set_size(size);
  tensor.add_float_val(0.5F);  // stands for all six
  const auto method = server.grpc_methods()[0];
  const auto reply = call(server, method, request);
  ASSERT_EQ(reply.status.code, GrpcCode::kOk) << reply.status.message;
  tfs::PredictResponse response;
  ASSERT_TRUE(response.ParseFromString(body_of(reply)));
  EXPECT_EQ(response.model_spec().signature_name(), "serving_default");
  EXPECT_EQ(response.model_spec().version().value(), 1);
  EXPECT_EQ(response.outputs().at("scores").float_val_size(), 12);

  tensor.clear_float_val();
  tensor.set_tensor_content(std::string(24, '\0'));
  EXPECT_EQ(call(server, method, request).status.code, GrpcCode::kOk);
  tensor.set_tensor_content("abc");
  EXPECT_EQ(call(server, method, request).status.code, GrpcCode::kInvalidArgument);
  tensor.set_dtype(tensorflow::DT_DOUBLE);
  EXPECT_EQ(call(server, method, request).status.message,
            "Expects arg[0] to be float but double is provided");
  // A short field may claim any shape: it costs nobody memory.
  tensor.set_dtype(tensorflow::DT_FLOAT);
  tensor.mutable_tensor_shape()->mutable_dim(0)->set_size(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(call(server, method, request).status.code, GrpcCode::kInvalidArgument);
  tensor.mutable_tensor_shape()->mutable_dim(0)->set_size(1 << 20);
  EXPECT_EQ(call(server, method, request).status.code, GrpcCode::kResourceExhausted);
  request.mutable_model_spec()->set_signature_name("x");
  EXPECT_EQ(call(server, method, request).status.code, GrpcCode::kFailedPrecondition);
  request.mutable_model_spec()->set_name("x");
  EXPECT_EQ(call(server, method, request).status.message,
            "Servable not found for request: Latest(x)");
  EXPECT_EQ(call(server, method, tfs::PredictRequest()).status.message, "Missing ModelSpec");
}

TEST(TfServing, TellsStatusAndMetadataOverGrpc) {
  TfServing server({"m"}, even_model());
  tfs::GetModelMetadataRequest request;
  request.mutable_model_spec()->set_name("m");
  EXPECT_THAT(call(server, server.grpc_methods()[3], request).status.message,
              HasSubstr("must specify at least one metadata_field"));
  request.add_metadata_field("signature_def");
  tfs::GetModelMetadataResponse response;
  ASSERT_TRUE(response.ParseFromString(body_of(call(server, server.grpc_methods()[3], request))));
  tfs::SignatureDefMap map;
  ASSERT_TRUE(response.metadata().at("signature_def").UnpackTo(&map));
  EXPECT_EQ(map.signature_def_size(), 2);

  tfs::GetModelStatusRequest asked;
  asked.mutable_model_spec()->set_name("m");
  tfs::GetModelStatusResponse status;
  ASSERT_TRUE(status.ParseFromString(body_of(call(server, server.grpc_methods()[4], asked))));
  EXPECT_EQ(status.model_version_status(0).state(), tfs::ModelVersionStatus::AVAILABLE);
  asked.mutable_model_spec()->mutable_version()->set_value(3);
  EXPECT_EQ(call(server, server.grpc_methods()[4], asked).status.code, GrpcCode::kNotFound);
}

TEST(TfServing, WithoutAModelItAnswersWhatItWasGiven) {
  TfServing server({"m"}, nullptr);
  EXPECT_EQ(compact(body_of(ask(server, "POST", kPredict, R"({"instances":[9007199254740993]})"))),
            R"({"predictions":[9007199254740993]})");
  EXPECT_EQ(compact(body_of(ask(server, "POST", kPredict, R"({"inputs":{"a":["x"]}})"))),
            R"({"outputs":{"a":["x"]}})");
  EXPECT_EQ(ask(server, "POST", kPredict, "{}").response.status, 400);
}

TEST(TfFloatText, HasSixDigitsOrAsManyAsItTakes) {
  const std::pair<float, const char*> cases[] = {
      {0.2F, "0.2"},
      {1.0F, "1.0"},
      {-3.0F, "-3.0"},
      {1e20F, "1e+20"},
      {0.0514401793F, "0.0514401793"},
      {1.04614508e-17F, "1.04614508e-17"},
      {16777215.0F, "16777215.0"},
      {0.0F, "0.0"},
      {std::numeric_limits<float>::infinity(), "Infinity"},
      {-std::numeric_limits<float>::infinity(), "-Infinity"},
      {std::numeric_limits<float>::quiet_NaN(), "NaN"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(tf_float_text(value), text);
}

}  // namespace
}  // namespace infergraph::engine
