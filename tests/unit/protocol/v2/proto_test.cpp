#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "protocol/tensor/elements.hpp"
#include "protocol/v2/codec.hpp"

namespace infergraph::protocol {
namespace {

using inference::InferTensorContents;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::HasSubstr;

Result<Message> read(const ModelInferRequest& request) {
  return read_v2_proto(Payload::proto(request.SerializeAsString()), Role::kRequest);
}

std::string why(const ModelInferRequest& request) {
  const auto message = read(request);
  if (message) return "nothing";
  EXPECT_EQ(message.error().code(), Code::kInvalidArgument);
  return message.error().message();
}

ModelInferRequest request_of(const std::string& datatype, std::vector<std::int64_t> shape) {
  ModelInferRequest request;
  auto& input = *request.add_inputs();
  input.set_name("x");
  input.set_datatype(datatype);
  input.mutable_shape()->Add(shape.begin(), shape.end());
  return request;
}

TEST(V2Proto, ReadsTypedContents) {
  struct Case {
    std::string datatype;
    void (*fill)(InferTensorContents&);
    std::string expected;
  };
  using Contents = InferTensorContents;
  for (const Case& one : {
           Case{"BOOL", [](Contents& c) { c.add_bool_contents(true); }, "\1"},
           Case{"INT8", [](Contents& c) { c.add_int_contents(-128); }, "\x80"},
           Case{"INT16", [](Contents& c) { c.add_int_contents(-1); }, "\xFF\xFF"},
           Case{"INT32", [](Contents& c) { c.add_int_contents(-1); }, "\xFF\xFF\xFF\xFF"},
           Case{"INT64", [](Contents& c) { c.add_int64_contents(-1); }, std::string(8, '\xFF')},
           Case{"UINT8", [](Contents& c) { c.add_uint_contents(255); }, "\xFF"},
           Case{"UINT16", [](Contents& c) { c.add_uint_contents(65535); }, "\xFF\xFF"},
           Case{"UINT32", [](Contents& c) { c.add_uint_contents(UINT32_MAX); }, "\xFF\xFF\xFF\xFF"},
           Case{"UINT64", [](Contents& c) { c.add_uint64_contents(UINT64_MAX); },
                std::string(8, '\xFF')},
           Case{"FP32", [](Contents& c) { c.add_fp32_contents(1); },
                std::string("\0\0\x80\x3F", 4)},
           Case{"FP64", [](Contents& c) { c.add_fp64_contents(1); },
                std::string("\0\0\0\0\0\0\xF0\x3F", 8)},
       }) {
    ModelInferRequest request = request_of(one.datatype, {1});
    one.fill(*request.mutable_inputs(0)->mutable_contents());
    const auto message = read(request);
    ASSERT_TRUE(message.has_value()) << one.datatype << message.error().message();
    EXPECT_EQ(message->tensors.at(0).data, one.expected) << one.datatype;
  }
  ModelInferRequest text = request_of("BYTES", {2});
  text.mutable_inputs(0)->mutable_contents()->add_bytes_contents("a");
  text.mutable_inputs(0)->mutable_contents()->add_bytes_contents("\xFF");
  EXPECT_EQ(read(text)->tensors.at(0).strings, (std::vector<std::string_view>{"a", "\xFF"}));
}

TEST(V2Proto, BorrowsRawContents) {
  ModelInferRequest request = request_of("INT8", {100'000});
  request.add_raw_input_contents(std::string(100'000, '\1'));
  *request.add_inputs() = request.inputs(0);
  request.add_raw_input_contents(std::string(100'000, '\2'));
  const auto message = read(request);
  ASSERT_TRUE(message.has_value()) << message.error().message();
  const std::string_view wire = message->source.bytes();
  for (const Tensor& tensor : message->tensors) {
    EXPECT_EQ(tensor.data.size(), 100'000U);
    EXPECT_TRUE(tensor.data.data() > wire.data() && tensor.data.data() < wire.data() + wire.size());
  }
  EXPECT_EQ(message->tensors.at(1).data.front(), '\2');
}

TEST(V2Proto, MakesRawBooleansZeroOrOne) {
  ModelInferRequest request = request_of("BOOL", {2});
  request.add_raw_input_contents(std::string("\2\0", 2));
  EXPECT_EQ(read(request)->tensors.at(0).data, std::string_view("\1\0", 2));
}

TEST(V2Proto, SaysWhatIsWrong) {
  EXPECT_EQ(why(request_of("FLOAT", {1})), "inputs[0].datatype: \"FLOAT\" is none");
  EXPECT_LT(why(request_of(std::string(100'000, 'x'), {1})).size(), 1000U);
  EXPECT_EQ(why(request_of("INT8", {1})), "inputs[0]: expected 1 elements but found 0");
  EXPECT_EQ(why(request_of("FP16", {1})), "inputs[0]: contents can't be of datatype FP16");

  ModelInferRequest mixed = request_of("INT8", {1});
  mixed.add_raw_input_contents("\1");
  mixed.mutable_inputs(0)->mutable_contents()->add_int_contents(1);
  EXPECT_EQ(why(mixed), "inputs[0]: contents must not be there beside raw contents");

  ModelInferRequest raw = request_of("INT16", {2});
  raw.add_raw_input_contents("123");
  EXPECT_EQ(why(raw), "inputs[0]: expected 2 elements of INT16 but found 3 bytes");
  raw.add_raw_input_contents("");
  EXPECT_EQ(why(raw), "raw contents are not as many as the inputs");
  ModelInferRequest negative = request_of("INT8", {-1});
  negative.add_raw_input_contents("1");
  EXPECT_THAT(why(negative), HasSubstr("inputs[0]"));

  ModelInferRequest wide = request_of("INT8", {1});
  wide.mutable_inputs(0)->mutable_contents()->add_int_contents(128);
  EXPECT_EQ(why(wide), "inputs[0]: contents can't be of datatype INT8");
  EXPECT_FALSE(read_v2_proto(Payload::proto("\x0A\x05"), Role::kRequest).has_value());
  EXPECT_FALSE(read_v2_proto(Payload::proto("\x0A\x05"), Role::kAnswer).has_value());
}

TEST(V2Proto, ReadsTraitsWithoutTheTensors) {
  ModelInferRequest request = request_of("INT8", {1});
  request.set_id("7");
  (*request.mutable_parameters())["binary_data_output"].set_bool_param(true);
  request.add_outputs()->set_name("y");
  (*request.mutable_outputs(0)->mutable_parameters())["p"].set_string_param("s");
  const RequestTraits traits = read_v2_traits(Payload::proto(request.SerializeAsString()));
  EXPECT_EQ(traits.id, "7");
  EXPECT_TRUE(traits.binary_output);
  ASSERT_EQ(traits.outputs.size(), 1U);
  EXPECT_EQ(traits.outputs[0].name, "y");
  EXPECT_EQ(traits.outputs[0].parameters, (Parameters{{"p", std::string("s")}}));
  EXPECT_TRUE(read_v2_traits(Payload::proto("\x0A\x05")).id.empty());
}

TEST(V2Proto, WritesRequestsAndAnswers) {
  Message message;
  message.model_version = "3";
  message.parameters = {{"u", std::uint64_t{UINT64_MAX}}, {"r", 0.5}};
  Tensor tensor;
  tensor.name = "x";
  tensor.type = DataType::kBytes;
  tensor.shape = {2};
  tensor.strings = {"a", ""};
  tensor.parameters = {{"binary_data_size", std::int64_t{9}}, {"own", true}};
  message.tensors = {tensor};
  V2Options options;
  options.model_name = "m";
  options.traits.id = "7";
  options.traits.outputs = {{"y", {}}};

  ModelInferRequest request;
  ASSERT_TRUE(request.ParseFromString(std::string(write_v2_proto(message, options)->bytes())));
  EXPECT_EQ(request.model_name(), "m");
  EXPECT_EQ(request.id(), "7");
  EXPECT_EQ(request.parameters().at("u").uint64_param(), UINT64_MAX);
  EXPECT_EQ(request.parameters().at("r").double_param(), 0.5);
  EXPECT_EQ(request.inputs(0).datatype(), "BYTES");
  EXPECT_EQ(request.inputs(0).parameters_size(), 1);
  EXPECT_FALSE(request.inputs(0).has_contents());
  EXPECT_EQ(request.raw_input_contents(0), std::string("\1\0\0\0a\0\0\0\0", 9));
  EXPECT_EQ(request.outputs(0).name(), "y");

  options.role = Role::kAnswer;
  EXPECT_EQ(write_v2_proto(message, options).error().message(), "the answer has no output \"y\"");
  options.traits.outputs = {{"x", {}}};
  ModelInferResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(write_v2_proto(message, options)->bytes())));
  EXPECT_EQ(response.model_name(), "m");
  EXPECT_EQ(response.model_version(), "3");
  EXPECT_EQ(response.id(), "7");
  EXPECT_EQ(response.outputs(0).name(), "x");
  EXPECT_EQ(response.raw_output_contents(0), request.raw_input_contents(0));

  message.tensors.at(0).name.clear();
  EXPECT_EQ(write_v2_proto(message, options).error().message(), "tensor 0 has no name");
  message.tensors.at(0).name = "x";
  message.tensors.at(0).type = DataType::kComplex64;
  EXPECT_THAT(write_v2_proto(message, options).error().message(), HasSubstr("no datatype"));
}

constexpr std::array kTypes = {DataType::kBool,    DataType::kUint8,    DataType::kUint16,
                               DataType::kUint32,  DataType::kUint64,   DataType::kInt8,
                               DataType::kInt16,   DataType::kInt32,    DataType::kInt64,
                               DataType::kFloat16, DataType::kBfloat16, DataType::kFloat32,
                               DataType::kFloat64, DataType::kBytes};

class RandomMessages {
 public:
  explicit RandomMessages(unsigned seed) : random_(seed) {}

  Message next() {
    Message message;
    message.traits.id = text();
    message.model_name = text();
    message.parameters = parameters();
    const std::size_t count = below(4);
    for (std::size_t i = 0; i < count; ++i) message.tensors.push_back(tensor(message, i));
    return message;
  }
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  std::string text() {
    static const std::array<std::string, 6> kParts = {"a", "é", "\"", "\\", "\n", "€"};
    std::string made;
    for (std::size_t i = below(6); i-- > 0;) made += kParts.at(below(kParts.size()));
    return made;
  }

  Parameters parameters() {
    Parameters made;
    // In the order of their names, as they come back from the wire.
    for (const char* name : {"a", "b", "c", "d", "e"}) {
      if (below(3) > 0) continue;
      switch (below(5)) {
        case 0:
          made.emplace_back(name, below(2) == 0);
          break;
        case 1:
          made.emplace_back(name, static_cast<std::int64_t>(random_()));
          break;
        case 2:  // what fits an int64 is read as one
          made.emplace_back(name, std::uint64_t{random_() | (std::uint64_t{1} << 63U)});
          break;
        case 3:
          made.emplace_back(name, std::ldexp(static_cast<double>(random_()), -70));
          break;
        default:
          made.emplace_back(name, text());
      }
    }
    return made;
  }

  Tensor tensor(Message& message, std::size_t index) {
    Tensor made;
    made.name = "t" + std::to_string(index) + text();
    made.type = kTypes.at(below(kTypes.size()));
    for (std::size_t rank = below(4); rank-- > 0;) {
      made.shape.push_back(static_cast<std::int64_t>(below(5)));
    }
    made.parameters = parameters();
    const std::size_t count = count_of(made.shape);
    if (made.type == DataType::kBytes) {
      for (std::size_t i = 0; i < count; ++i) made.strings.push_back(message.keep(text()));
      return made;
    }
    std::string bytes(count * size_of(made.type), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    if (made.type == DataType::kBool) {
      for (char& byte : bytes) byte &= 1;
    }
    made.data = message.keep(std::move(bytes));
    return made;
  }

  std::mt19937_64 random_;
};

// NaN has many forms, of which JSON has one.
bool has_nan(const Tensor& tensor) {
  const bool real = tensor.type == DataType::kFloat16 || tensor.type == DataType::kBfloat16 ||
                    tensor.type == DataType::kFloat32 || tensor.type == DataType::kFloat64;
  if (!real) return false;
  const auto values = to_doubles(tensor);
  if (!values) return false;
  return std::any_of(values->begin(), values->end(), [](double v) { return std::isnan(v); });
}

void expect_same(const Message& left, const Message& right, bool text) {
  EXPECT_EQ(left.traits.id, right.traits.id);
  EXPECT_EQ(left.parameters, right.parameters);
  ASSERT_EQ(left.tensors.size(), right.tensors.size());
  for (std::size_t i = 0; i < left.tensors.size(); ++i) {
    const Tensor& one = left.tensors[i];
    const Tensor& other = right.tensors[i];
    EXPECT_EQ(one.name, other.name);
    EXPECT_EQ(one.type, other.type);
    EXPECT_EQ(one.shape, other.shape);
    EXPECT_EQ(one.parameters, other.parameters);
    EXPECT_EQ(one.strings, other.strings);
    if (!text || !has_nan(one)) {
      EXPECT_EQ(one.data, other.data) << int(one.type);
    }
  }
}

TEST(V2Property, EveryMessageComesBackFromBothEncodings) {
  RandomMessages messages(20240607);
  int text = 0;
  for (int round = 0; round < 2000; ++round) {
    SCOPED_TRACE(round);
    Message message = messages.next();
    V2Options options;
    options.role = messages.below(2) == 0 ? Role::kRequest : Role::kAnswer;
    options.traits = message.traits;
    for (const bool binary : {false, true}) {
      options.traits.binary_output = binary;
      const auto json = write_v2_json(message, options);
      if (!json) {
        EXPECT_THAT(json.error().message(), HasSubstr("has no form in JSON"));
        continue;
      }
      if (!json->json_size()) ++text;
      const auto again = read_v2_json(*json, options.role);
      ASSERT_TRUE(again.has_value()) << again.error().message() << '\n' << json->bytes();
      expect_same(message, *again, !binary || options.role == Role::kRequest);
    }
    const auto proto = write_v2_proto(message, options);
    ASSERT_TRUE(proto.has_value()) << proto.error().message();
    const auto again = read_v2_proto(*proto, options.role);
    ASSERT_TRUE(again.has_value()) << again.error().message();
    expect_same(message, *again, false);
    if (options.role == Role::kRequest || message.tensors.empty()) continue;
    const auto chained = chain_v2_proto(*proto, "next");
    ASSERT_TRUE(chained.has_value()) << chained.error().message();
    const auto next = read_v2_proto(*chained, Role::kRequest);
    ASSERT_TRUE(next.has_value()) << next.error().message();
    expect_same(message, *next, false);
  }
  EXPECT_GT(text, 1000);
}

}  // namespace
}  // namespace infergraph::protocol
