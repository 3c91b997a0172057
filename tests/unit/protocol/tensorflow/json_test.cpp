#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/tensor/elements.hpp"
#include "protocol/tensorflow/codec.hpp"

namespace infergraph::protocol {
namespace {

Result<Message> read(std::string_view body, Role role = Role::kRequest,
                     const std::vector<TensorInfo>& known = {}) {
  return read_tensorflow_json(Payload::json(std::string(body)), role, known);
}

std::string text_of(const Result<Payload>& payload) {
  return payload ? std::string(payload->bytes()) : "error: " + payload.error().message();
}

/// "x INT64 [2,1] [[1],[2]]" for each tensor, with "; " between.
std::string shown(const Result<Message>& message) {
  if (!message) return "error: " + message.error().message();
  std::string out;
  for (const Tensor& tensor : message->tensors) {
    if (!out.empty()) out += "; ";
    if (!tensor.name.empty()) out += tensor.name + ' ';
    out += tensor.type == DataType::kUnknown ? "?" : std::string(v2_name(tensor.type));
    out += " [";
    for (const std::int64_t size : tensor.shape) {
      if (out.back() != '[') out += ',';
      out += std::to_string(size);
    }
    out += "] ";
    if (const auto written = append_flat(out, tensor, {}); !written) {
      out += written.error().message();
    }
  }
  return out;
}

struct Case {
  std::string_view body;
  std::string_view expected;
};

TEST(TensorflowJson, ReadsEveryFormOfARequest) {
  for (const Case& one : {
           Case{R"({"instances":[[1,2.50],[3,-4e5]]})", "? [2,2] [1,2.50,3,-4e5]"},
           Case{R"({"signature_name":"s","instances":[1,NaN,-Infinity]})",
                "? [3] [1,NaN,-Infinity]"},
           Case{R"({"instances":["a",{"b64":"Yg=="}]})", R"(BYTES [2] ["a","b"])"},
           Case{R"({"instances":[{"b64":"YQ=="},"b"]})", R"(BYTES [2] ["a","b"])"},
           Case{R"({"instances":[true,false]})", "BOOL [2] [true,false]"},
           Case{R"({"instances": [ {"a":1,"b":[2,3]} , {"b":[5,6],"a":4} ]})",
                "a ? [2] [1,4]; b ? [2,2] [2,3,5,6]"},
           Case{R"({"instances":[{"\u0061":1},{"a":2}]})", "a ? [2] [1,2]"},
           Case{R"({"instances":[{"a":0,"a":1},{"a":2}]})", "a ? [2] [1,2]"},
           Case{R"({"instances":[{"a":{"b64":"eA=="}}]})", R"(a BYTES [1] ["x"])"},
           Case{R"({"instances":[{"b64":"eA==","a":1}]})",
                R"(b64 BYTES [1] ["eA=="]; a ? [1] [1])"},
           Case{R"({"instances":[{"b64":1}]})", "b64 ? [1] [1]"},
           Case{R"({"inputs":[[1],[2]]})", "? [2,1] [1,2]"},
           Case{R"({"inputs":5})", "? [] [5]"},
           Case{R"({"inputs":{"b64":"eA=="}})", R"(BYTES [] ["x"])"},
           Case{R"({"inputs":[]})", "? [0] []"},
           Case{R"({"inputs":{"y":[1,2],"x":"s","":true}})",
                R"(y ? [2] [1,2]; x BYTES [] ["s"]; BOOL [] [true])"},
           Case{R"({"inputs":{"x":1,"x":2}})", "x ? [] [2]"},
       }) {
    EXPECT_EQ(shown(read(one.body)), one.expected) << one.body;
  }
  EXPECT_EQ(read(R"({"signature_name":"s","instances":[1]})")->signature_name, "s");
  EXPECT_FALSE(read(R"({"instances":[1]})")->traits.by_column);
  EXPECT_TRUE(read(R"({"inputs":[1]})")->traits.by_column);
}

TEST(TensorflowJson, ReadsEveryFormOfAnAnswer) {
  for (const Case& one : {
           Case{R"({"predictions":[[0.5],[1.0]]})", "? [2,1] [0.5,1.0]"},
           Case{R"({"predictions":[]})", "? [0] []"},
           Case{R"({"predictions":[{"a":1,"c_bytes":{"b64":"eA=="}}],"error":""})",
                R"(a ? [1] [1]; c_bytes BYTES [1] ["x"])"},
           Case{R"({"outputs":{"a":[1],"b":2.5}})", "a ? [1] [1]; b ? [] [2.5]"},
           Case{R"({"outputs":1.0})", "? [] [1.0]"},
           Case{R"({"error":"no \"x\""})", "error: no \"x\""},
           Case{R"({"error":{"code":1}})", "error: {\"code\":1}"},
           Case{R"({"instances":[1]})", "error: Missing 'outputs' or 'predictions' key"},
           Case{R"({"outputs":1,"predictions":[1]})",
                "error: both 'outputs' and 'predictions' keys are there"},
       }) {
    EXPECT_EQ(shown(read(one.body, Role::kAnswer)), one.expected) << one.body;
  }
}

TEST(TensorflowJson, SaysWhatIsWrong) {
  for (const Case& one : {
           Case{"{}", "error: Missing 'inputs' or 'instances' key"},
           Case{R"({"inputs":1,"instances":[1]})",
                "error: both 'inputs' and 'instances' keys are there"},
           Case{"[1]", "error: expected an object but found an array"},
           Case{R"({"instances":[1)",
                "error: malformed JSON at byte 15: Missing a comma or ']' after an array element."},
           Case{R"({"instances":[1],"signature_name":null})",
                "error: 'signature_name' key must be a string value."},
           Case{R"({"instances":1})", "error: instances: expected an array but found a number"},
           Case{R"({"instances":{}})", "error: instances: expected an array but found an object"},
           Case{R"({"instances":[ ]})", "error: instances: expected at least one element"},
           Case{R"({"instances":[{}]})", "error: instances[0]: expected an object of named values"},
           Case{R"({"instances":[{"a":1},2]})",
                "error: instances[1]: expected an object but found a number"},
           Case{R"({"instances":[{"a":1},[2]]})",
                "error: instances[1]: expected an object but found an array"},
           Case{R"({"instances":[{"a":1},{"a":1},{"b":2,"a":1}]})",
                "error: instances[2].b: the elements before have no such name"},
           Case{R"({"instances":[{"a":1,"b":2},{"b":2}]})", "error: instances[1]: a is missing"},
           Case{R"({"instances":[[1,2,3],[1,2,3],[1,2]]})",
                "error: instances[2]: expected 3 values but found 2"},
           Case{R"({"instances":[{"a":[1,2,3]},{"a":[1,2]}]})",
                "error: instances[1].a: expected 3 values but found 2"},
           Case{R"({"instances":[{"a":[1,2]},{"a":[1,"x"]}]})",
                "error: instances[1].a[1]: expected a number but found a string"},
           Case{R"({"inputs":{"x":[[1,2],[3]]}})",
                "error: inputs.x[1]: expected 2 values but found 1"},
           Case{"{\"inputs\":{\"\xFF\":[1]}}", "error: inputs.\xFF: the name is not UTF-8"},
           Case{"{\"inputs\":1,\"signature_name\":\"\xFF\"}", "error: signature_name is not UTF-8"},
           Case{R"({"inputs":{"x":null}})", "error: inputs.x: expected a value but found null"},
       }) {
    const auto message = read(one.body);
    EXPECT_EQ(shown(message), one.expected) << one.body;
    ASSERT_FALSE(message.has_value());
    EXPECT_EQ(message.error().code(), Code::kInvalidArgument);
  }
}

TEST(TensorflowJson, GivesTheTypesThatAreKnown) {
  const std::vector<TensorInfo> one = {{.name = "x", .type = DataType::kFloat32}};
  const std::vector<TensorInfo> two = {{.name = "x", .type = DataType::kFloat32},
                                       {.name = "y", .type = DataType::kInt64}};
  constexpr std::string_view kBare = R"({"instances":[1,0.1]})";
  EXPECT_EQ(shown(read(kBare, Role::kRequest, one)), "FP32 [2] [1,0.1]");
  EXPECT_EQ(shown(read(kBare, Role::kRequest, two)), "? [2] [1,0.1]");
  EXPECT_EQ(shown(read(R"({"inputs":{"y":[2],"x":1,"z":3}})", Role::kRequest, two)),
            "y INT64 [1] [2]; x FP32 [] [1]; z ? [] [3]");
  EXPECT_EQ(shown(read(R"({"inputs":{"y":2.5}})", Role::kRequest, two)).substr(0, 15),
            "error: inputs.y");
  EXPECT_EQ(shown(read(R"({"inputs":{"x":"s"}})", Role::kRequest, two)), R"(x BYTES [] ["s"])");
}

TEST(TensorflowJson, ReadsTraits) {
  const auto by_column = [](std::string body) {
    return read_tensorflow_traits(Payload::json(std::move(body))).by_column;
  };
  EXPECT_TRUE(by_column(R"({"inputs":1})"));
  EXPECT_FALSE(by_column(R"({"instances":[1]})"));
  EXPECT_FALSE(by_column("nonsense"));
  EXPECT_TRUE(read_tensorflow_traits(Payload::proto("")).by_column);
}

std::string request_of(std::string_view body, const ModelProfile& profile = {}) {
  auto message = read(body);
  if (!message) return "unread: " + message.error().message();
  return text_of(write_tensorflow_request_json(*message, profile));
}

TEST(TensorflowJson, WritesRequests) {
  for (const Case& one : {
           Case{R"({"instances":[[1, 2.50],[3,-4e5]]})", R"({"instances":[[1, 2.50],[3,-4e5]]})"},
           Case{R"({"signature_name":"s","inputs":[1]})",
                R"({"signature_name":"s","instances":[1]})"},
           Case{R"({"inputs":5})", R"({"inputs":5})"},
           Case{R"({"inputs":[]})", R"({"inputs":[]})"},
           Case{R"({"instances":["a",{"b64":"/w=="}]})",
                R"({"instances":[{"b64":"YQ=="},{"b64":"/w=="}]})"},
           Case{R"({"inputs":{"x":[1]}})", R"({"instances":[1]})"},
           Case{R"({"inputs":{"x":[1,2],"y":[[true],[false]]}})",
                R"({"instances":[{"x":1,"y":[true]},{"x":2,"y":[false]}]})"},
           Case{R"({"inputs":{"x":[1,2],"y\"":[3]}})", R"({"inputs":{"x":[1,2],"y\"":[3]}})"},
           Case{R"({"inputs":{"x":[1,2],"y":3}})", R"({"inputs":{"x":[1,2],"y":3}})"},
           Case{R"({"inputs":{"x":[],"y":[]}})", R"({"inputs":{"x":[],"y":[]}})"},
       }) {
    EXPECT_EQ(request_of(one.body), one.expected) << one.body;
  }
  EXPECT_EQ(request_of(R"({"signature_name":"s","instances":[1]})", {.signature_name = "t\""}),
            R"({"signature_name":"t\"","instances":[1]})");
  const ModelProfile several{.signature = {.inputs = {{.name = "x"}, {.name = "y"}}}};
  EXPECT_EQ(request_of(R"({"inputs":{"x":[1,2]}})", several), R"({"instances":[{"x":1},{"x":2}]})");
}

TEST(TensorflowJson, NamesTheOnlyInputIfItWasRenamed) {
  const ModelProfile profile{.input_names = {{"a", "x"}}};
  EXPECT_EQ(request_of(R"({"inputs":{"x":[1,2]}})", profile), R"({"instances":[{"x":1},{"x":2}]})");
  EXPECT_EQ(request_of(R"({"inputs":{"y":[1,2]}})", profile), R"({"instances":[1,2]})");
}

template <typename T>
Tensor tensor_of(Message& message, std::string name, DataType type, std::vector<std::int64_t> shape,
                 const std::vector<T>& values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return {.name = std::move(name),
          .type = type,
          .shape = std::move(shape),
          .data = message.keep(std::move(bytes))};
}

TEST(TensorflowJson, NestsFlatNumbersOnWriting) {
  struct Flat {
    std::string_view data;
    std::vector<std::int64_t> shape;
    std::string_view expected;
  };
  for (const Flat& one : {
           Flat{"[1,2,3,4]", {2, 2}, "[[1,2],[3,4]]"},
           Flat{"[[1,2],[3,4]]", {2, 2}, "[[1,2],[3,4]]"},
           Flat{"[ [1 ,2], [3,4] ]", {2, 2}, "[ [1 ,2], [3,4] ]"},
           Flat{"[[1,2],[3,4]]", {4}, "[1,2,3,4]"},
           Flat{"[[1,2],[3,4]]", {1, 2, 2}, "[[[1,2],[3,4]]]"},
           Flat{"[[[1,2],[3,4]]]", {1, 2, 2}, "[[[1,2],[3,4]]]"},
           Flat{"[[1,2,3,4]]", {1, 4}, "[[1,2,3,4]]"},
           Flat{"[1]", {}, "1"},
           Flat{"1", {}, "1"},
           Flat{"1", {1}, "[1]"},
           Flat{"[[],[]]", {2, 0}, "[[],[]]"},
       }) {
    Message message;
    message.tensors.push_back({.shape = one.shape, .data = one.data});
    EXPECT_EQ(text_of(write_tensorflow_answer_json(message, {.by_column = true})),
              "{\"outputs\":" + std::string(one.expected) + '}')
        << one.data;
  }
}

TEST(TensorflowJson, WritesAnswers) {
  Message message;
  message.tensors.push_back(
      tensor_of<float>(message, "a", DataType::kFloat32, {2, 2},
                       {1, 0.1F, 1e10F, -std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(text_of(write_tensorflow_answer_json(message, {})),
            R"({"predictions":[[1.0,0.1],[10000000000.0,-Infinity]]})");
  message.tensors.push_back({.name = "b", .type = DataType::kBytes, .shape = {2}});
  message.tensors.back().strings = {"x", "y"};
  message.tensors.push_back(message.tensors.back());
  message.tensors.back().name = "b_bytes";
  message.tensors.push_back(tensor_of<std::int32_t>(message, "c", DataType::kInt32, {2}, {1, -2}));
  EXPECT_EQ(text_of(write_tensorflow_answer_json(message, {})),
            R"({"predictions":[{"a":[1.0,0.1],"b":"x","b_bytes":{"b64":"eA=="},"c":1},)"
            R"({"a":[10000000000.0,-Infinity],"b":"y","b_bytes":{"b64":"eQ=="},"c":-2}]})");
  EXPECT_EQ(text_of(write_tensorflow_answer_json(message, {.by_column = true})),
            R"({"outputs":{"a":[[1.0,0.1],[10000000000.0,-Infinity]],"b":["x","y"],)"
            R"("b_bytes":[{"b64":"eA=="},{"b64":"eQ=="}],"c":[1,-2]}})");
}

TEST(TensorflowJson, SaysWhatItHasNoPlaceFor) {
  Message message;
  message.tensors.push_back(tensor_of<std::int32_t>(message, "a", DataType::kInt32, {2}, {1, 2}));
  message.tensors.push_back(tensor_of<std::int32_t>(message, "b", DataType::kInt32, {1}, {1}));
  const auto answer = [&message](bool by_column) {
    return text_of(write_tensorflow_answer_json(message, {.by_column = by_column}));
  };
  EXPECT_EQ(answer(false), "error: Tensor name: b has inconsistent batch size: 1 expecting: 2");
  EXPECT_EQ(answer(true), R"({"outputs":{"a":[1,2],"b":[1]}})");
  message.tensors.back().shape = {};
  EXPECT_EQ(answer(false), "error: Tensor name: b has no shape information");
  message.tensors.back() = {.name = "h", .type = DataType::kComplex64, .shape = {0}};
  EXPECT_EQ(answer(true), "error: h: DT_COMPLEX64 has no place in JSON");
  message.tensors.back() = {.name = "h", .type = DataType::kFloat16, .shape = {0}};
  EXPECT_EQ(text_of(write_tensorflow_request_json(message, {})),
            "error: h: DT_HALF has no place in JSON");
  message.tensors.back() = {.name = "h", .type = DataType::kInt8, .shape = {1'000'000'000, 0}};
  EXPECT_EQ(answer(true), R"(error: tensor "h": it has no elements, but too many empty lists)");
  message.tensors.back() = {.name = "s", .type = DataType::kBytes, .shape = {1}};
  message.tensors.back().strings = {"\xFF"};
  EXPECT_TRUE(answer(true).starts_with("error: ")) << answer(true);
  message.tensors.clear();
  EXPECT_EQ(answer(false), "error: there are no tensors to write");
  EXPECT_EQ(answer(true), R"({"outputs":{}})");
  message.content = Content::kStrData;
  EXPECT_EQ(answer(true), "error: protocol tensorflow has tensors only, and the message has none");
}

}  // namespace
}  // namespace infergraph::protocol
