#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "protocol/piece_list.hpp"
#include "protocol/v2/codec.hpp"

namespace infergraph::protocol {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::HasSubstr;

std::string chained(std::string_view answer) {
  const auto made = chain_v2_json(Payload::json(std::string(answer)));
  return made ? std::string(made->bytes()) : "error: " + made.error().message();
}

TEST(V2Chain, RenamesOutputsAndNothingElse) {
  struct Case {
    std::string_view answer;
    std::string_view request;
  };
  for (const Case& one : {
           Case{R"({"model_name":"m","model_version":"1","id":"7","parameters":{"outputs":1},)"
                R"("outputs":[{"name":"outputs","data":[1.50, 9007199254740993,1E2]}],"x":null})",
                R"({"id":"7","parameters":{"outputs":1},)"
                R"("inputs":[{"name":"outputs","data":[1.50, 9007199254740993,1E2]}],"x":null})"},
           Case{R"({"outputs":[]})", R"({"inputs":[]})"},
           Case{R"({"inputs":null,"outputs":[1],"id":"7"})", R"({"inputs":[1],"id":"7"})"},
           Case{R"({"\u006futputs":[],"model\u005fname":"m"})", R"({"inputs":[]})"},
           Case{R"({ "inputs" : [1], "outputs":[]})", R"({ "inputs" : [1], "outputs":[]})"},
           Case{"{}", "error: the answer has neither outputs nor inputs"},
           Case{R"({"outputs":{}})", "error: the answer has neither outputs nor inputs"},
           Case{R"({"error":"no \"memory\""})", "error: no \"memory\""},
           Case{"[1]", "error: the answer is no object"},
       }) {
    EXPECT_EQ(chained(one.answer), one.request) << one.answer;
  }
  EXPECT_THAT(chained(R"({"outputs":[)"), HasSubstr("malformed JSON"));
  EXPECT_LT(chained(R"({"error":")" + std::string(100'000, 'x') + "\"}").size(), 1000U);
}

TEST(V2Chain, PassesBinaryPartsOn) {
  const std::string json = R"({"model_name":"m","outputs":[{"name":"y","shape":[2],)"
                           R"("datatype":"INT8","parameters":{"binary_data_size":2}}]})";
  Payload answer = Payload::json(json + "\1\2");
  answer.set_json_size(json.size());
  answer.set_origin("node");
  const auto request = chain_v2_json(answer);
  ASSERT_TRUE(request.has_value()) << request.error().message();
  EXPECT_EQ(request->content_type(), "application/octet-stream");
  EXPECT_EQ(request->origin(), "node");
  ASSERT_EQ(request->json_size().value_or(0), request->size() - 2);
  const auto message = read_v2_json(*request, Role::kRequest);
  ASSERT_TRUE(message.has_value()) << message.error().message();
  EXPECT_EQ(message->tensors.at(0).data, "\1\2");

  answer.set_json_size(answer.size() + 1);
  EXPECT_FALSE(chain_v2_json(answer).has_value());
}

ModelInferResponse response_of(std::size_t raw_size) {
  ModelInferResponse response;
  response.set_model_name("old");
  response.set_model_version("1");
  response.set_id("7");
  (*response.mutable_parameters())["p"].set_int64_param(5);
  auto& output = *response.add_outputs();
  output.set_name("y");
  output.set_datatype("INT8");
  output.add_shape(static_cast<std::int64_t>(raw_size));
  response.add_raw_output_contents(std::string(raw_size, '\1'));
  return response;
}

ModelInferRequest request_of(const Payload& payload) {
  ModelInferRequest request;
  EXPECT_TRUE(request.ParseFromString(std::string(payload.bytes())));
  return request;
}

TEST(V2Chain, MakesAnAnswerOnTheWireARequest) {
  for (const std::size_t size : {0, 10, 4096, 4097, 100'000}) {
    const ModelInferResponse response = response_of(size);
    const auto made = chain_v2_proto(Payload::proto(response.SerializeAsString()), "next");
    ASSERT_TRUE(made.has_value()) << made.error().message();
    EXPECT_EQ(made->encoding(), Encoding::kProto);
    const ModelInferRequest request = request_of(*made);
    EXPECT_EQ(request.model_name(), "next");
    EXPECT_EQ(request.model_version(), "");
    EXPECT_EQ(request.id(), "7");
    EXPECT_EQ(request.parameters().at("p").int64_param(), 5);
    ASSERT_EQ(request.inputs_size(), 1);
    EXPECT_EQ(request.inputs(0).SerializeAsString(), response.outputs(0).SerializeAsString());
    ASSERT_EQ(request.raw_input_contents_size(), 1);
    EXPECT_EQ(request.raw_input_contents(0), response.raw_output_contents(0));
  }
}

// Whether a part of `made` lies in `wire`.
bool borrows(const Payload& made, std::string_view wire) {
  const auto* list = dynamic_cast<const PieceList*>(made.pieces());
  if (list == nullptr) return false;
  for (const Payload& part : list->parts()) {
    const char* at = part.bytes().data();
    if (at >= wire.data() && at < wire.data() + wire.size()) return true;
  }
  return false;
}

TEST(V2Chain, CopiesNoLargeTensors) {
  const Payload raw = Payload::proto(response_of(100'000).SerializeAsString());
  EXPECT_TRUE(borrows(chain_v2_proto(raw, "next").value(), raw.bytes()));

  ModelInferResponse response = response_of(0);
  response.clear_raw_output_contents();
  for (int i = 0; i < 10'000; ++i) {
    response.mutable_outputs(0)->mutable_contents()->add_fp64_contents(i);
  }
  const Payload typed = Payload::proto(response.SerializeAsString());
  const auto made = chain_v2_proto(typed, "next");
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(borrows(*made, typed.bytes()));
  EXPECT_EQ(request_of(*made).inputs(0).SerializeAsString(),
            response.outputs(0).SerializeAsString());
}

// What an answer may have at the numbers of a request's fields is not theirs.
TEST(V2Chain, TakesNoUnknownFieldForAnInput) {
  ModelInferRequest stray;
  stray.add_raw_input_contents("stray");
  const std::string wire = response_of(2).SerializeAsString() + stray.SerializeAsString();
  const auto made = chain_v2_proto(Payload::proto(wire), "next");
  ASSERT_TRUE(made.has_value()) << made.error().message();
  EXPECT_EQ(request_of(*made).raw_input_contents_size(), 1);
}

TEST(V2Chain, RefusesWhatIsNoAnswerOnTheWire) {
  EXPECT_FALSE(chain_v2_proto(Payload::proto("\x2A\x05"), "m").has_value());
  EXPECT_FALSE(chain_v2_proto(Payload::proto(""), "m").has_value());
  EXPECT_FALSE(chain_v2_proto(Payload::proto(std::string("\x30\x01", 2)), "m").has_value());
}

Result<Signature> metadata(std::string_view json) {
  return read_v2_metadata(Payload::json(std::string(json)));
}

TEST(V2Metadata, ReadsJsonAndProto) {
  const auto json = metadata(
      R"({"name":"m","versions":["1"],"platform":"p","inputs":[{"name":"x","datatype":"FP32",)"
      R"("shape":[-1,3],"parameters":{"name":"no"}}],"outputs":[{"name":"y","datatype":"BYTES",)"
      R"("shape":[]},{"name":"z","datatype":"NEW"}]})");
  inference::ModelMetadataResponse response;
  auto& input = *response.add_inputs();
  input.set_name("x");
  input.set_datatype("FP32");
  input.add_shape(-1);
  input.add_shape(3);
  response.add_outputs()->set_name("y");
  response.mutable_outputs(0)->set_datatype("BYTES");
  response.add_outputs()->set_name("z");
  const auto proto = read_v2_metadata(Payload::proto(response.SerializeAsString()));
  for (const auto& signature : {json, proto}) {
    ASSERT_TRUE(signature.has_value()) << signature.error().message();
    ASSERT_EQ(signature->inputs.size(), 1U);
    EXPECT_EQ(signature->inputs[0].name, "x");
    EXPECT_EQ(signature->inputs[0].type, DataType::kFloat32);
    EXPECT_EQ(signature->inputs[0].shape, (std::vector<std::int64_t>{-1, 3}));
    ASSERT_EQ(signature->outputs.size(), 2U);
    EXPECT_EQ(signature->outputs[0].type, DataType::kBytes);
    EXPECT_TRUE(signature->outputs[0].shape.empty());
    EXPECT_EQ(signature->outputs[1].type, DataType::kUnknown);
  }
}

TEST(V2Metadata, WithstandsWhatIsNone) {
  for (const std::string_view text : {"", "[]", "{", "5"}) {
    const auto signature = metadata(text);
    ASSERT_FALSE(signature.has_value()) << text;
    EXPECT_EQ(signature.error().code(), Code::kBadUpstream);
  }
  EXPECT_FALSE(read_v2_metadata(Payload::proto("\x0A\x05")).has_value());
  // Dimensions that no integer is are unknown ones.
  const auto odd = metadata(R"({"inputs":[5,[1],{"name":"x","shape":[1e300,null,"n",[2],4]}]})");
  ASSERT_TRUE(odd.has_value());
  ASSERT_EQ(odd->inputs.size(), 1U);
  EXPECT_EQ(odd->inputs[0].shape, (std::vector<std::int64_t>{-1, -1, -1, -1, 4}));
}

}  // namespace
}  // namespace infergraph::protocol
