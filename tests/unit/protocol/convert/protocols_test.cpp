// Every datatype from every protocol and encoding to every other one: exactly, or refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "protocol/convert/convert.hpp"
#include "protocol/seldon/codec.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/v2/codec.hpp"
#include "tensorflow_serving/predict.pb.h"

namespace infergraph::protocol {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMost = std::size_t{1} << 20U;

struct Form {
  Protocol protocol;
  Encoding encoding;
};
constexpr Form kForms[] = {
    {Protocol::kSeldon, Encoding::kJson},     {Protocol::kSeldon, Encoding::kProto},
    {Protocol::kTensorflow, Encoding::kJson}, {Protocol::kTensorflow, Encoding::kProto},
    {Protocol::kV2, Encoding::kJson},         {Protocol::kV2, Encoding::kProto}};

std::string text_of(const Form& form) {
  return std::string(name_of(form.protocol)) +
         (form.encoding == Encoding::kJson ? " JSON" : " proto");
}

template <typename T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <typename T>
std::string extremes() {
  using Limits = std::numeric_limits<T>;
  return raw<T>({Limits::lowest(), Limits::max(), T{0}, T{1}, T{7}, T{100}});
}

struct Sample {
  DataType type;
  std::string data;
  std::vector<std::string> strings;
};

std::vector<Sample> samples() {
  const std::string reals32 = raw<float>({0.1F, -1.5F, 3.4028235e38F, 1e-45F, 0.0F, 16777216.0F});
  const std::string reals64 =
      raw<double>({0.1, -1.5, 1.7976931348623157e308, 5e-324, 0.0, 9007199254740993.0});
  const std::string halves = raw<std::uint16_t>({0x3C00, 0x0001, 0x7BFF, 0x8000, 0x2E66, 0xC000});
  const std::string brains = raw<std::uint16_t>({0x3F80, 0x0001, 0x7F7F, 0x8000, 0x3DCD, 0xC000});
  return {
      {DataType::kBool, std::string("\1\0\1\1\0\0", 6), {}},
      {DataType::kUint8, extremes<std::uint8_t>(), {}},
      {DataType::kUint16, extremes<std::uint16_t>(), {}},
      {DataType::kUint32, extremes<std::uint32_t>(), {}},
      {DataType::kUint64, extremes<std::uint64_t>(), {}},
      {DataType::kInt8, extremes<std::int8_t>(), {}},
      {DataType::kInt16, extremes<std::int16_t>(), {}},
      {DataType::kInt32, extremes<std::int32_t>(), {}},
      {DataType::kInt64, extremes<std::int64_t>(), {}},
      {DataType::kFloat16, halves, {}},
      {DataType::kBfloat16, brains, {}},
      {DataType::kFloat32, reals32, {}},
      {DataType::kFloat64, reals64, {}},
      {DataType::kBytes, "", {"a", "", "häß\"\\", "\n", "0", "long enough to be no small string"}}};
}

Message message_of(const Sample& sample, const std::string& name) {
  Message message;
  Tensor tensor;
  tensor.name = name;
  tensor.type = sample.type;
  tensor.shape = {2, 3};
  tensor.data = message.keep(sample.data);
  for (const std::string& text : sample.strings) tensor.strings.push_back(message.keep(text));
  message.tensors.push_back(std::move(tensor));
  return message;
}

Result<Payload> request_in(const Form& form, Message message, DataKind kind) {
  const bool json = form.encoding == Encoding::kJson;
  ModelProfile profile;
  profile.name = "m";
  RequestTraits traits;
  traits.kind = kind;
  V2Options v2;
  v2.model_name = "m";
  auto made = form.protocol == Protocol::kSeldon ? (json ? write_seldon_json(message, traits)
                                                         : write_seldon_proto(message, traits))
              : form.protocol == Protocol::kTensorflow
                  ? (json ? write_tensorflow_request_json(message, profile)
                          : write_tensorflow_request_proto(message, profile))
                  : (json ? write_v2_json(message, v2) : write_v2_proto(message, v2));
  if (made) made->set_protocol(form.protocol);
  return made;
}

// The values that a node reads who knows the type by its model's signature.
Sample read_back(const Payload& payload, DataType type) {
  auto message = decode(payload, kMost);
  EXPECT_TRUE(message) << (message ? "" : message.error().message());
  if (!message || message->tensors.size() != 1) return {};
  auto tensor = with_type(*message, message->tensors.front(), type);
  EXPECT_TRUE(tensor) << (tensor ? "" : tensor.error().message());
  if (!tensor) return {};
  EXPECT_EQ(tensor->shape, (std::vector<std::int64_t>{2, 3}));
  return {tensor->type, std::string(tensor->data),
          std::vector<std::string>(tensor->strings.begin(), tensor->strings.end())};
}

// What a form has no place for, in every message of it.
bool refuses(const Form& form, DataType type) {
  const bool half = type == DataType::kFloat16 || type == DataType::kBfloat16;
  const bool tensorflow_json =
      form.protocol == Protocol::kTensorflow && form.encoding == Encoding::kJson;
  // The REST API of tensorflow takes no half precision; lists on the wire are doubles.
  const bool doubles = form.protocol == Protocol::kSeldon && form.encoding == Encoding::kProto;
  const bool wide = type == DataType::kInt64 || type == DataType::kUint64;
  return (half && tensorflow_json) || (wide && doubles);
}

class EveryType : public testing::TestWithParam<Sample> {};

TEST_P(EveryType, CrossesEveryEdgeExactly) {
  const Sample& sample = GetParam();
  ModelProfile model;
  model.name = "m";
  model.signature.inputs = {{"x", sample.type, {-1, 3}, false}};
  for (const Form& from : kForms) {
    const auto request = request_in(from, message_of(sample, "x"), DataKind::kNdarray);
    if (refuses(from, sample.type)) {
      EXPECT_FALSE(request) << text_of(from);
      continue;
    }
    ASSERT_TRUE(request) << text_of(from) << ": " << request.error().message();
    for (const Form& to : kForms) {
      SCOPED_TRACE(text_of(from) + " to " + text_of(to));
      Target target;
      target.protocol = to.protocol;
      target.encoding = to.encoding;
      target.model = &model;
      target.max_decoded = kMost;
      const auto made = convert(*request, target);
      const bool both_seldon =
          from.protocol == Protocol::kSeldon && to.protocol == Protocol::kSeldon;
      if (refuses(to, sample.type) && !both_seldon) {
        EXPECT_FALSE(made);
        continue;
      }
      if (refuses(to, sample.type)) continue;  // the mapping of proto3 JSON, as ever
      ASSERT_TRUE(made) << made.error().message();
      EXPECT_EQ(made->protocol(), to.protocol);
      EXPECT_EQ(made->encoding(), to.encoding);
      const Sample found = read_back(*made, sample.type);
      EXPECT_EQ(found.data, sample.data);
      EXPECT_EQ(found.strings, sample.strings);
      EXPECT_EQ(found.type, sample.type);
    }
  }
}

TEST_P(EveryType, CrossesAsTftensorToo) {
  const Sample& sample = GetParam();
  for (const Encoding encoding : {Encoding::kJson, Encoding::kProto}) {
    const Form from{Protocol::kSeldon, encoding};
    const auto request = request_in(from, message_of(sample, "x"), DataKind::kTftensor);
    ASSERT_TRUE(request) << request.error().message();
    for (const Form& to : kForms) {
      SCOPED_TRACE(text_of(from) + " to " + text_of(to));
      if (to.protocol == Protocol::kSeldon) continue;
      Target target;
      target.protocol = to.protocol;
      target.encoding = to.encoding;
      target.max_decoded = kMost;
      const auto made = convert(*request, target);
      if (refuses(to, sample.type)) {
        EXPECT_FALSE(made);
        continue;
      }
      ASSERT_TRUE(made) << made.error().message();
      const Sample found = read_back(*made, sample.type);
      EXPECT_EQ(found.data, sample.data);
      EXPECT_EQ(found.strings, sample.strings);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, EveryType, testing::ValuesIn(samples()), [](const auto& test) {
  return std::string(tensorflow_name(test.param.type));
});

// Random tensors over random edges, in chains of four.
class RandomTensors {
 public:
  explicit RandomTensors(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t most) { return random_() % most; }

  Sample sample(const std::vector<std::int64_t>& shape) {
    const auto all = samples();
    Sample made{all[below(all.size())].type, "", {}};
    for (std::size_t i = 0; i < count_of(shape); ++i) {
      if (made.type == DataType::kBytes) {
        std::string text(below(20), 'a');
        for (char& c : text) c = static_cast<char>(' ' + below(95));
        made.strings.push_back(std::move(text));
      } else {
        made.data += element(made.type);
      }
    }
    return made;
  }

 private:
  std::string element(DataType type) {
    if (type == DataType::kBool) return std::string(1, static_cast<char>(below(2)));
    for (;;) {
      const std::uint64_t bits = random_();
      const std::string bytes = raw<std::uint64_t>({bits}).substr(0, size_of(type));
      Tensor tensor;
      tensor.type = type;
      tensor.shape = {1};
      tensor.data = bytes;
      if (!is_float(type)) return bytes;
      // What is no number has no form that every reader takes.
      if (std::isfinite(to_doubles(tensor)->front())) return bytes;
    }
  }

  std::mt19937_64 random_;
};

TEST(RandomTensors, ComeOutOfEveryChainAsTheyWentIn) {
  RandomTensors random(20261123);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::int64_t> shape(1 + random.below(4));
    for (std::int64_t& length : shape) length = static_cast<std::int64_t>(1 + random.below(3));
    const Sample sample = random.sample(shape);
    ModelProfile model;
    model.name = "m";
    model.signature.inputs = {{"x", sample.type, {-1}, false}};
    Message message = message_of(sample, "x");
    message.tensors.front().shape = shape;
    Form from{Protocol::kV2, Encoding::kProto};
    auto payload = request_in(from, std::move(message), DataKind::kNdarray);
    std::string way = text_of(from);
    for (int hop = 0; hop < 4 && payload; ++hop) {
      const Form to = kForms[random.below(std::size(kForms))];
      if (refuses(to, sample.type)) continue;
      way += " to " + text_of(to);
      Target target;
      target.protocol = to.protocol;
      target.encoding = to.encoding;
      target.model = &model;
      target.max_decoded = kMost;
      payload = convert(*payload, target);
    }
    SCOPED_TRACE(way + ", " + std::string(tensorflow_name(sample.type)));
    ASSERT_TRUE(payload) << payload.error().message();
    auto read = decode(*payload, kMost);
    ASSERT_TRUE(read);
    auto tensor = with_type(*read, read->tensors.front(), sample.type);
    ASSERT_TRUE(tensor) << tensor.error().message();
    ASSERT_EQ(tensor->shape, shape);
    ASSERT_EQ(tensor->data, sample.data);
    ASSERT_EQ(std::vector<std::string>(tensor->strings.begin(), tensor->strings.end()),
              sample.strings);
  }
}

Payload seldon(const std::string& json) { return Payload::json(json); }

Result<Payload> to(const Payload& payload, Protocol protocol, Role role = Role::kRequest,
                   const ModelProfile* model = nullptr, const Payload* request = nullptr) {
  Target target;
  target.protocol = protocol;
  target.role = role;
  target.model = model;
  KeptRequest kept;
  if (request != nullptr) {
    kept.payload = *request;
    target.request = &kept;
  }
  target.max_decoded = kMost;
  return convert(payload, target);
}

std::string body(const Result<Payload>& made) {
  return made ? std::string(made->bytes()) : "error: " + made.error().message();
}

Payload tensorflow_answer(const std::string& json) {
  Payload made = Payload::json(json);
  made.set_protocol(Protocol::kTensorflow);
  made.set_origin("model");
  return made;
}

TEST(Conversion, CopiesNumbersAsTheyAreWritten) {
  EXPECT_EQ(body(to(seldon(R"({"data":{"ndarray":[[1, 2.50, -0.0]]}})"), Protocol::kTensorflow)),
            R"({"instances":[[1, 2.50, -0.0]]})");
}

TEST(Conversion, AnswersInTheKindOfTheRequest) {
  const Payload answer = tensorflow_answer(R"({"predictions":[[0.1,0.9]]})");
  const Payload ndarray = seldon(R"({"data":{"ndarray":[[1]]}})");
  const Payload tensor =
      seldon(R"({"data":{"tensor":{"shape":[1],"values":[1]}},"meta":{"puid":"p",)"
             R"("routing":{"a":1},"tags":{"t":"x"}}})");
  EXPECT_EQ(body(to(answer, Protocol::kSeldon, Role::kAnswer, nullptr, &ndarray)),
            R"({"data":{"names":["t:0","t:1"],"ndarray":[[0.1,0.9]]},"meta":{}})");
  EXPECT_EQ(body(to(answer, Protocol::kSeldon, Role::kAnswer, nullptr, &tensor)),
            R"({"data":{"names":["t:0","t:1"],"tensor":{"shape":[1,2],"values":[0.1,0.9]}},)"
            R"("meta":{"puid":"p","tags":{"t":"x"}}})");
}

TEST(Conversion, KeepsTheShapeOfABatchOfScalars) {
  EXPECT_EQ(body(to(tensorflow_answer(R"({"predictions":[1.5,2.5,3.5]})"), Protocol::kSeldon,
                    Role::kAnswer)),
            R"({"data":{"names":[],"ndarray":[1.5,2.5,3.5]},"meta":{}})");
}

TEST(Conversion, NamesSeveralOutputs) {
  EXPECT_EQ(body(to(tensorflow_answer(R"({"outputs":{"a":[1],"b":["x"]}})"), Protocol::kSeldon,
                    Role::kAnswer)),
            R"({"jsonData":{"a":[1],"b":["x"]},"meta":{}})");
}

TEST(Conversion, PassesJsonDataVerbatimAndBack) {
  const Payload request = seldon(R"({"jsonData":{"inputs": {"a":[1]}, "signature_name":"s"}})");
  EXPECT_EQ(body(to(request, Protocol::kTensorflow)),
            R"({"inputs": {"a":[1]}, "signature_name":"s"})");
  EXPECT_EQ(body(to(tensorflow_answer(R"({"outputs": [1]})"), Protocol::kSeldon, Role::kAnswer,
                    nullptr, &request)),
            R"({"jsonData":{"outputs": [1]},"meta":{}})");
}

TEST(Conversion, SaysWhereAnElementIsWrong) {
  EXPECT_EQ(body(to(seldon(R"({"data":{"ndarray":[[1,2],[3]]}})"), Protocol::kV2)),
            "error: data.ndarray[1]: expected 2 values but found 1");
  EXPECT_EQ(body(to(seldon(R"({"data":{"ndarray":[[1,"a"]]}})"), Protocol::kV2)),
            "error: data.ndarray[0][1]: expected a number but found a string");
  ModelProfile model;
  model.signature.inputs = {{"x", DataType::kInt32, {-1}, false}};
  EXPECT_EQ(body(to(seldon(R"({"data":{"ndarray":[1,1.5]}})"), Protocol::kTensorflow,
                    Role::kRequest, &model)),
            "error: data.ndarray[1]: 1.5 is not of type INT32");
}

TEST(Conversion, WritesAnIntegerAsTheSignatureHasIt) {
  ModelProfile model;
  model.signature.inputs = {{"x", DataType::kInt32, {-1}, false}};
  EXPECT_EQ(body(to(seldon(R"({"data":{"ndarray":[1.0,2e1]}})"), Protocol::kTensorflow,
                    Role::kRequest, &model)),
            R"({"instances":[1,20]})");
}

TEST(Conversion, HoldsIntegersThatADoubleDoesNot) {
  const auto made = to(seldon(R"({"data":{"ndarray":[9007199254740993]}})"), Protocol::kV2);
  EXPECT_THAT(body(made), HasSubstr(R"("datatype":"INT64","data":[9007199254740993])"));
  EXPECT_THAT(body(to(seldon(R"({"data":{"ndarray":[18446744073709551615]}})"), Protocol::kV2)),
              HasSubstr(R"("datatype":"UINT64","data":[18446744073709551615])"));
  EXPECT_THAT(body(to(seldon(R"({"data":{"ndarray":[9007199254740993,0.5]}})"), Protocol::kV2)),
              HasSubstr("data.ndarray[0]: 9007199254740993 is not of type DOUBLE"));
}

TEST(Conversion, KeepsIdAndOutputsOfV2) {
  Payload request =
      Payload::json(R"({"id":"7","inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],)"
                    R"("outputs":[{"name":"y"}]})");
  request.set_protocol(Protocol::kV2);
  EXPECT_EQ(body(to(tensorflow_answer(R"({"predictions":[2.5]})"), Protocol::kV2, Role::kAnswer,
                    nullptr, &request)),
            R"({"model_name":"model","id":"7","outputs":[{"name":"y","shape":[1],)"
            R"("datatype":"FP64","data":[2.5]}]})");
}

TEST(Conversion, AnswersBinaryWhereAsked) {
  Payload request =
      Payload::json(R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],)"
                    R"("outputs":[{"name":"y","parameters":{"binary_data":true}}]})");
  request.set_protocol(Protocol::kV2);
  const auto made = to(tensorflow_answer(R"({"predictions":[2.5]})"), Protocol::kV2, Role::kAnswer,
                       nullptr, &request);
  ASSERT_TRUE(made) << body(made);
  ASSERT_TRUE(made->json_size());
  EXPECT_EQ(made->content_type(), "application/octet-stream");
  EXPECT_EQ(made->bytes().substr(*made->json_size()), raw<double>({2.5}));
}

TEST(Conversion, RenamesAndNamesInputs) {
  Payload request =
      Payload::json(R"({"inputs":[{"name":"a","shape":[1],"datatype":"FP32","data":[1]},)"
                    R"({"name":"c","shape":[1],"datatype":"FP32","data":[2]}]})");
  request.set_protocol(Protocol::kV2);
  ModelProfile model;
  model.input_names = {{"a", "b"}};
  EXPECT_THAT(body(to(request, Protocol::kV2, Role::kRequest, &model)),
              testing::AllOf(HasSubstr(R"("name":"b")"), HasSubstr(R"("name":"c")"),
                             testing::Not(HasSubstr(R"("name":"a")"))));
  model = {};
  model.input = "images";
  EXPECT_THAT(
      body(to(seldon(R"({"data":{"ndarray":[1]}})"), Protocol::kV2, Role::kRequest, &model)),
      HasSubstr(R"("name":"images")"));
}

TEST(Conversion, PicksAnOutput) {
  ModelProfile model;
  model.output = "b";
  model.output_names = {{"b", "scores"}};
  EXPECT_EQ(body(adapt_answer(tensorflow_answer(R"({"outputs":{"a":[1],"b":[2]}})"), model, kMost)),
            R"({"outputs":[2]})");
  model.output = "d";
  EXPECT_EQ(body(adapt_answer(tensorflow_answer(R"({"outputs":{"a":[1],"b":[2]}})"), model, kMost)),
            "error: the answer has no output \"d\"; it has a, b");
}

TEST(Conversion, NeverHidesTheErrorOfAnAnswerInAChain) {
  EXPECT_THAT(body(to(tensorflow_answer(R"({"error":"out of memory"})"), Protocol::kTensorflow)),
              HasSubstr("out of memory"));
  EXPECT_THAT(body(to(tensorflow_answer(R"({"error":"out of memory"})"), Protocol::kV2)),
              HasSubstr("out of memory"));
  Payload v2 = Payload::json(R"({"error":"no such thing"})");
  v2.set_protocol(Protocol::kV2);
  v2.set_origin("model");
  EXPECT_THAT(body(to(v2, Protocol::kV2)), HasSubstr("no such thing"));
}

TEST(Conversion, UnpacksCustomDataAndPacksItsAnswer) {
  const Payload request =
      seldon(R"({"customData":{"@type":"type.googleapis.com/tensorflow.serving.PredictRequest",)"
             R"("modelSpec":{"name":"theirs"},"inputs":{"x":{"dtype":"DT_INT32","intVal":[7]}}}})");
  ModelProfile model;
  model.name = "ours";
  model.signature_name = "s";
  Target target;
  target.protocol = Protocol::kTensorflow;
  target.encoding = Encoding::kProto;
  target.model = &model;
  target.max_decoded = kMost;
  const auto made = convert(request, target);
  ASSERT_TRUE(made) << made.error().message();
  tensorflow::serving::PredictRequest proto;
  ASSERT_TRUE(proto.ParseFromString(std::string(made->bytes())));
  EXPECT_EQ(proto.model_spec().name(), "ours");
  EXPECT_EQ(proto.model_spec().signature_name(), "s");
  EXPECT_EQ(proto.inputs().at("x").int_val(0), 7);

  tensorflow::serving::PredictResponse response;
  (*response.mutable_outputs())["y"].set_dtype(tensorflow::DT_INT32);
  Payload answer = Payload::proto(response.SerializeAsString());
  answer.set_protocol(Protocol::kTensorflow);
  answer.set_origin("model");
  EXPECT_EQ(body(to(answer, Protocol::kSeldon, Role::kAnswer, nullptr, &request)),
            R"({"customData":{"@type":"type.googleapis.com/tensorflow.serving.PredictResponse",)"
            R"("outputs":{"y":{"dtype":"DT_INT32"}}},"meta":{}})");
}

TEST(Conversion, RefusesWhatHasNoPlace) {
  EXPECT_EQ(body(to(seldon(R"({"jsonData":[1]})"), Protocol::kV2)),
            "error: jsonData that is no object has no place in a message of protocol v2");
  EXPECT_EQ(body(to(seldon("{}"), Protocol::kTensorflow)),
            "error: a message without data has no place in a message of protocol tensorflow");
  Payload classify = Payload::json(R"({"examples":[{"a":1}]})");
  classify.set_protocol(Protocol::kTensorflow);
  Target target;
  target.protocol = Protocol::kV2;
  target.operation = Operation::kClassify;
  EXPECT_THAT(body(convert(classify, target)), HasSubstr("protocol tensorflow"));
}

}  // namespace
}  // namespace infergraph::protocol
