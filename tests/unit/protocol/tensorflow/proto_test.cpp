#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tensorflow/codec.hpp"
#include "tensorflow_serving/predict.pb.h"

namespace infergraph::protocol {
namespace {

using tensorflow::TensorProto;
using tensorflow::serving::PredictRequest;
using tensorflow::serving::PredictResponse;

Result<Message> read(const google::protobuf::Message& message, Role role) {
  return read_tensorflow_proto(Payload::proto(message.SerializeAsString()), role);
}

TEST(TensorflowProto, ReadsARequest) {
  PredictRequest request;
  request.mutable_model_spec()->set_name("m");
  request.mutable_model_spec()->set_signature_name("s");
  request.mutable_model_spec()->mutable_version()->set_value(7);
  TensorProto& number = (*request.mutable_inputs())["n"];
  number.set_dtype(tensorflow::DT_INT16);
  number.mutable_tensor_shape()->add_dim()->set_size(3);
  number.add_int_val(-5);  // and so are those that follow
  TensorProto& text = (*request.mutable_inputs())["a"];
  text.set_dtype(tensorflow::DT_STRING);
  text.add_string_val("x");

  const auto message = read(request, Role::kRequest);
  ASSERT_TRUE(message.has_value()) << message.error().message();
  EXPECT_EQ(message->model_name, "m");
  EXPECT_EQ(message->signature_name, "s");
  EXPECT_EQ(message->model_version, "7");
  EXPECT_TRUE(message->traits.by_column);
  ASSERT_EQ(message->tensors.size(), 2U);
  EXPECT_EQ(message->tensors[0].name, "a");
  EXPECT_EQ(message->tensors[0].strings, std::vector<std::string_view>{"x"});
  EXPECT_EQ(message->tensors[1].name, "n");
  EXPECT_EQ(message->tensors[1].type, DataType::kInt16);
  EXPECT_TRUE(message->tensors[1].is_constant);
  EXPECT_EQ(message->tensors[1].data, "\xFB\xFF");
}

TEST(TensorflowProto, BorrowsLargeContent) {
  PredictResponse response;
  TensorProto& tensor = (*response.mutable_outputs())["x"];
  tensor.set_dtype(tensorflow::DT_FLOAT);
  tensor.mutable_tensor_shape()->add_dim()->set_size(10'000);
  tensor.set_tensor_content(std::string(40'000, '\1'));
  const auto message = read(response, Role::kAnswer);
  ASSERT_TRUE(message.has_value()) << message.error().message();
  const std::string_view wire = message->source.bytes();
  const std::string_view data = message->tensors[0].data;
  EXPECT_EQ(data, tensor.tensor_content());
  EXPECT_TRUE(data.data() > wire.data() && data.data() < wire.data() + wire.size());

  tensor.mutable_tensor_shape()->mutable_dim(0)->set_size(9'999);
  const auto wrong = read(response, Role::kAnswer);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(wrong.error().message().starts_with("outputs.x")) << wrong.error().message();
}

TEST(TensorflowProto, JoinsWhatComesInParts) {
  // An entry whose value comes twice, and a spec that does.
  TensorProto type;
  type.set_dtype(tensorflow::DT_INT8);
  TensorProto value;
  value.add_int_val(4);
  PredictRequest first;
  first.mutable_model_spec()->set_name("m");
  PredictRequest second;
  second.mutable_model_spec()->set_signature_name("s");
  const auto field = [](char tag, const std::string& bytes) {
    return tag + std::string(1, static_cast<char>(bytes.size())) + bytes;
  };
  const std::string entry = field('\x0A', "x") + field('\x12', type.SerializeAsString()) +
                            field('\x12', value.SerializeAsString());
  const auto message = read_tensorflow_proto(
      Payload::proto(first.SerializeAsString() + field('\x12', entry) + second.SerializeAsString()),
      Role::kRequest);
  ASSERT_TRUE(message.has_value()) << message.error().message();
  EXPECT_EQ(message->model_name, "m");
  EXPECT_EQ(message->signature_name, "s");
  EXPECT_EQ(message->tensors.at(0).data, "\4");
}

TEST(TensorflowProto, SaysWhatIsWrong) {
  const auto why = [](std::string wire) {
    const auto message = read_tensorflow_proto(Payload::proto(std::move(wire)), Role::kRequest);
    return message ? "nothing" : message.error().message();
  };
  EXPECT_EQ(why("\x12\x05"), "the message is not a PredictRequest");
  EXPECT_EQ(why("\x10\x05"), "the message is not a PredictRequest");
  EXPECT_EQ(why("\x0A\x01\x0A"), "the message is not a PredictRequest");
  EXPECT_EQ(why(std::string("\x12\x03\x0A\x01\xFF", 5)), "the message is not a PredictRequest");
  EXPECT_EQ(why(std::string("\x12\x06\x0A\x01x\x12\x01\x0A", 8)),
            "the message is not a PredictRequest");
  PredictRequest request;
  (*request.mutable_inputs())["x"].set_dtype(tensorflow::DT_QINT8);
  EXPECT_EQ(why(request.SerializeAsString()), "inputs.x: the dtype DT_QINT8 has no counterpart");
}

TEST(TensorflowProto, WritesTheSpec) {
  Message message;
  message.model_name = "old";
  message.signature_name = "own";
  message.model_version = "3";
  PredictRequest request;
  const auto bytes_of = [](const Result<Payload>& payload) {
    EXPECT_EQ(payload->encoding(), Encoding::kProto);
    return std::string(payload->bytes());
  };
  ASSERT_TRUE(request.ParseFromString(
      bytes_of(write_tensorflow_request_proto(message, {.name = "m", .output = "y"}))));
  EXPECT_EQ(request.model_spec().name(), "m");
  EXPECT_EQ(request.model_spec().signature_name(), "own");
  EXPECT_FALSE(request.model_spec().has_version());
  ASSERT_EQ(request.output_filter_size(), 1);
  EXPECT_EQ(request.output_filter(0), "y");

  PredictResponse response;
  ASSERT_TRUE(response.ParseFromString(
      bytes_of(write_tensorflow_answer_proto(message, {.signature_name = "s"}))));
  EXPECT_EQ(response.model_spec().name(), "old");
  EXPECT_EQ(response.model_spec().signature_name(), "s");
  EXPECT_EQ(response.model_spec().version().value(), 3);

  message.tensors.push_back({.name = "x", .shape = {1}, .data = "[1]"});
  EXPECT_FALSE(write_tensorflow_request_proto(message, {}).has_value());
  message.content = Content::kStrData;
  EXPECT_EQ(write_tensorflow_request_proto(message, {}).error().message(),
            "protocol tensorflow has tensors only, and the message has none");
}

constexpr DataType kTypes[] = {
    DataType::kBool,    DataType::kUint8,   DataType::kUint16,    DataType::kUint32,
    DataType::kUint64,  DataType::kInt8,    DataType::kInt16,     DataType::kInt32,
    DataType::kInt64,   DataType::kFloat16, DataType::kBfloat16,  DataType::kFloat32,
    DataType::kFloat64, DataType::kBytes,   DataType::kComplex64, DataType::kComplex128};

bool has_json(DataType type) {
  return type != DataType::kFloat16 && type != DataType::kBfloat16 &&
         type != DataType::kComplex64 && type != DataType::kComplex128;
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t end) { return engine_() % end; }

  /// Finite, so that JSON gives the same bits.
  std::string elements(DataType type, std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i) {
      if (type == DataType::kBool) {
        bytes += static_cast<char>(below(2));
      } else if (type == DataType::kFloat32) {
        put(bytes, std::ldexp(static_cast<float>(engine_()), static_cast<int>(below(100)) - 120));
      } else if (type == DataType::kFloat64) {
        put(bytes, std::ldexp(static_cast<double>(engine_()), static_cast<int>(below(1000)) - 600));
      } else {
        for (std::size_t byte = size_of(type); byte > 0; --byte) {
          bytes += static_cast<char>(engine_());
        }
      }
    }
    return bytes;
  }

  /// `batch` is the first dimension of all; below 0: none is.
  Tensor tensor(Message& message, DataType type, std::string name, std::int64_t batch) {
    Tensor made{.name = std::move(name), .type = type};
    if (batch >= 0) made.shape.push_back(batch);
    for (std::uint64_t rank = below(4); rank > 0; --rank) {
      made.shape.push_back(static_cast<std::int64_t>(1 + below(batch >= 0 ? 4 : 30)));
    }
    const std::size_t count = count_of(made.shape);
    if (type != DataType::kBytes) {
      made.data = message.keep(elements(type, count));
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        made.strings.push_back(message.keep(elements(DataType::kUint8, below(5))));
      }
    }
    return made;
  }

 private:
  template <typename T>
  static void put(std::string& bytes, T value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes.append(raw, sizeof value);
  }

  std::mt19937_64 engine_;
};

void expect_same(const Message& left, const Message& right) {
  ASSERT_EQ(left.tensors.size(), right.tensors.size());
  for (std::size_t i = 0; i < left.tensors.size(); ++i) {
    const Tensor& one = left.tensors[i];
    const Tensor& other = right.tensors[i];
    EXPECT_EQ(one.name, other.name);
    EXPECT_EQ(one.type, other.type) << v2_name(one.type);
    EXPECT_EQ(one.shape, other.shape);
    EXPECT_EQ(one.data, other.data) << v2_name(one.type);
    EXPECT_EQ(one.strings, other.strings);
  }
}

TEST(TensorflowProperty, EveryTypeGoesThereAndBackInProto) {
  Chance chance(1);
  for (int round = 0; round < 300; ++round) {
    Message message;
    for (const DataType type : kTypes) {
      const auto batch = static_cast<std::int64_t>(chance.below(3)) - 1;
      message.tensors.push_back(chance.tensor(
          message, type, std::string(1, static_cast<char>('a' + static_cast<int>(type))), batch));
    }
    const auto request = write_tensorflow_request_proto(message, {.name = "m"});
    ASSERT_TRUE(request.has_value()) << request.error().message();
    const auto read_request = read_tensorflow_proto(*request, Role::kRequest);
    ASSERT_TRUE(read_request.has_value()) << read_request.error().message();
    expect_same(message, *read_request);
    const auto answer = write_tensorflow_answer_proto(message, {.name = "m"});
    const auto chained = chain_tensorflow_proto(*answer, {.name = "m"});
    EXPECT_EQ(chained->bytes(), request->bytes());
    const auto read_answer = read_tensorflow_proto(*answer, Role::kAnswer);
    ASSERT_TRUE(read_answer.has_value()) << read_answer.error().message();
    expect_same(message, *read_answer);
  }
}

TEST(TensorflowProperty, EveryTypeThatHasJsonGoesThereAndBack) {
  Chance chance(2);
  for (int round = 0; round < 300; ++round) {
    Message message;
    std::vector<TensorInfo> known;
    const auto batch = static_cast<std::int64_t>(chance.below(4)) - 1;
    for (const DataType type : kTypes) {
      if (!has_json(type)) continue;
      std::string name(1, static_cast<char>('a' + static_cast<int>(type)));
      name += "_bytes";
      message.tensors.push_back(chance.tensor(message, type, name, batch == 0 ? 1 : batch));
      known.push_back({.name = name, .type = type});
    }
    for (const bool by_column : {false, true}) {
      const auto answer = write_tensorflow_answer_json(message, {.by_column = by_column});
      if (!answer) {
        EXPECT_TRUE(!by_column && batch < 0) << answer.error().message();
        continue;
      }
      const auto back = read_tensorflow_json(*answer, Role::kAnswer, known);
      ASSERT_TRUE(back.has_value()) << back.error().message();
      expect_same(message, *back);
    }
    const auto request = write_tensorflow_request_json(message, {});
    ASSERT_TRUE(request.has_value()) << request.error().message();
    const auto back = read_tensorflow_json(*request, Role::kRequest, known);
    ASSERT_TRUE(back.has_value()) << back.error().message();
    expect_same(message, *back);
  }
}

}  // namespace
}  // namespace infergraph::protocol
