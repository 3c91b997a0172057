#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/v2/codec.hpp"

namespace infergraph::protocol {
namespace {

using testing::HasSubstr;

Result<Message> read(std::string_view json, std::string_view binary = {},
                     Role role = Role::kRequest) {
  Payload payload = Payload::json(std::string(json) + std::string(binary));
  if (!binary.empty()) payload.set_json_size(json.size());
  return read_v2_json(payload, role);
}

std::string why(std::string_view json, std::string_view binary = {}, Role role = Role::kRequest) {
  const auto message = read(json, binary, role);
  if (message) return "nothing";
  EXPECT_EQ(message.error().code(), Code::kInvalidArgument);
  return message.error().message();
}

// A request with one input, whose members behind its name are `rest`.
std::string with_input(std::string_view rest) {
  return R"({"inputs":[{"name":"x",)" + std::string(rest) + "}]}";
}

template <typename T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

std::string written(Message& message, const V2Options& options) {
  const auto made = write_v2_json(message, options);
  return made ? std::string(made->bytes()) : "error: " + made.error().message();
}

TEST(V2Json, ReadsEveryDatatype) {
  struct Case {
    std::string_view datatype;
    std::string_view data;
    std::string expected;
  };
  for (const Case& one : {
           Case{"BOOL", "[true,false]", std::string("\1\0", 2)},
           Case{"BOOL", "[1,0]", std::string("\1\0", 2)},
           Case{"INT8", "[-128,127]", raw<std::int8_t>({-128, 127})},
           Case{"UINT8", "[0,255]", raw<std::uint8_t>({0, 255})},
           Case{"INT16", "[-32768,1e2]", raw<std::int16_t>({-32768, 100})},
           Case{"UINT16", "[65535,1.0]", raw<std::uint16_t>({65535, 1})},
           Case{"INT32", "[-2147483648,2147483647]", raw<std::int32_t>({INT32_MIN, INT32_MAX})},
           Case{"UINT32", "[4294967295,0]", raw<std::uint32_t>({UINT32_MAX, 0})},
           Case{"INT64", "[-9223372036854775808,9007199254740993]",
                raw<std::int64_t>({INT64_MIN, 9007199254740993})},
           Case{"UINT64", "[18446744073709551615,0]", raw<std::uint64_t>({UINT64_MAX, 0})},
           Case{"FP16", "[1,65504]", raw<std::uint16_t>({0x3C00, 0x7BFF})},
           Case{"BF16", "[1,-2]", raw<std::uint16_t>({0x3F80, 0xC000})},
           Case{"FP32", "[0.1,Infinity]", raw<float>({0.1F, INFINITY})},
           Case{"FP64", "[0.1,-1e308]", raw<double>({0.1, -1e308})},
       }) {
    const auto message = read(with_input(R"("shape":[2],"datatype":")" + std::string(one.datatype) +
                                         R"(","data":)" + std::string(one.data)));
    ASSERT_TRUE(message.has_value()) << one.datatype << message.error().message();
    EXPECT_EQ(message->tensors.at(0).data, one.expected) << one.datatype;
  }
}

TEST(V2Json, TakesDataFlatOrNested) {
  for (const std::string_view data : {"[1,2,3,4]", "[[1,2],[3,4]]", "[[[1],[2]],[[3],[4]]]"}) {
    const auto message =
        read(with_input(R"("shape":[2,2],"datatype":"INT8","data":)" + std::string(data)));
    ASSERT_TRUE(message.has_value()) << data << message.error().message();
    EXPECT_EQ(message->tensors.at(0).shape, (std::vector<std::int64_t>{2, 2}));
    EXPECT_EQ(message->tensors.at(0).data, "\1\2\3\4");
  }
  const auto text = read(with_input(R"("data":[["a"],["\u00e9"]],"datatype":"BYTES","shape":[2])"));
  ASSERT_TRUE(text.has_value()) << text.error().message();
  EXPECT_EQ(text->tensors.at(0).strings, (std::vector<std::string_view>{"a", "é"}));
  const auto scalar = read(with_input(R"("shape":[],"datatype":"INT8","data":[7])"));
  ASSERT_TRUE(scalar.has_value()) << scalar.error().message();
  EXPECT_EQ(scalar->tensors.at(0).data, "\7");
  const auto none = read(with_input(R"("shape":[0,3],"datatype":"BYTES","data":[])"));
  ASSERT_TRUE(none.has_value()) << none.error().message();
  EXPECT_TRUE(none->tensors.at(0).strings.empty());
}

TEST(V2Json, KeepsWhatStandsAroundTheTensors) {
  const auto message =
      read(R"({"id":"a\"b","parameters":{"s":"t","n":-1,"u":18446744073709551615,"r":1.0,"b":true,)"
           R"("gone":null,"binary_data_output":true},"inputs":[{"name":"x","shape":[1],)"
           R"("datatype":"INT8","parameters":{"content_type":"np"},"data":[1]}],)"
           R"("outputs":[{"name":"y","parameters":{"binary_data":false,"classification":2}}]})");
  ASSERT_TRUE(message.has_value()) << message.error().message();
  EXPECT_EQ(message->traits.id, "a\"b");
  EXPECT_TRUE(message->traits.binary_output);
  const Parameters parameters = {{"s", std::string("t")},
                                 {"n", std::int64_t{-1}},
                                 {"u", std::uint64_t{UINT64_MAX}},
                                 {"r", 1.0},
                                 {"b", true},
                                 {"binary_data_output", true}};
  EXPECT_EQ(message->parameters, parameters);
  EXPECT_EQ(message->tensors.at(0).parameters, (Parameters{{"content_type", std::string("np")}}));
  ASSERT_EQ(message->traits.outputs.size(), 1U);
  EXPECT_EQ(message->traits.outputs[0].name, "y");
  EXPECT_EQ(message->traits.outputs[0].parameters,
            (Parameters{{"binary_data", false}, {"classification", std::int64_t{2}}}));
}

TEST(V2Json, ReadsBinaryPartsInTheOrderOfTheTensors) {
  const std::string json =
      R"({"inputs":[{"name":"a","shape":[2],"datatype":"INT16","parameters":{"binary_data_size":4,)"
      R"("own":1}},{"name":"b","shape":[1],"datatype":"INT8","data":[5]},)"
      R"({"name":"c","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":9}}]})";
  const std::string binary = raw<std::int16_t>({1, -1}) + std::string("\0\0\0\0\1\0\0\0z", 9);
  const auto message = read(json, binary);
  ASSERT_TRUE(message.has_value()) << message.error().message();
  EXPECT_EQ(message->tensors.at(0).data, raw<std::int16_t>({1, -1}));
  EXPECT_EQ(message->tensors.at(0).parameters, (Parameters{{"own", std::int64_t{1}}}));
  EXPECT_EQ(message->tensors.at(1).data, "\5");
  EXPECT_EQ(message->tensors.at(2).strings, (std::vector<std::string_view>{"", "z"}));
  // The elements stay where they came.
  const std::string_view body = message->source.bytes();
  EXPECT_EQ(message->tensors.at(0).data.data(), body.data() + json.size());

  EXPECT_THAT(why(json, binary.substr(0, 12)), HasSubstr("unexpected size for input 'c'"));
  EXPECT_EQ(why(json, binary + "z"), "unexpected additional input data for model ''");
}

TEST(V2Json, SaysWhatIsWrongWithBinaryParts) {
  const auto input = [](std::string_view size) {
    return with_input(R"("shape":[2],"datatype":"INT16","parameters":{"binary_data_size":)" +
                      std::string(size) + "}");
  };
  for (const std::string_view size : {"3", "5", "-1", "4.0", "\"4\"", "18446744073709551615"}) {
    EXPECT_THAT(why(input(size), "1234"), HasSubstr("unexpected size for input 'x'")) << size;
  }
  EXPECT_THAT(why(input("4")), HasSubstr("unexpected size for input 'x'"));  // no binary part
  EXPECT_THAT(why(R"({"outputs":[{"name":"x","shape":[2],"datatype":"INT16",)"
                  R"("parameters":{"binary_data_size":4}}]})",
                  "123", Role::kAnswer),
              HasSubstr("unexpected size for output 'x'"));
  EXPECT_THAT(why(R"({"outputs":[]})", "1", Role::kAnswer),
              HasSubstr("unexpected additional output data"));

  Payload longer = Payload::json("{}");
  longer.set_json_size(3);
  EXPECT_EQ(read_v2_json(longer, Role::kRequest).error().message(),
            "inference header size should be in range (0, 2), got: 3");
  Payload bare = Payload::json("1234");
  bare.set_json_size(0);
  EXPECT_THAT(read_v2_json(bare, Role::kRequest).error().message(),
              HasSubstr("raw binary request"));
}

TEST(V2Json, SaysWhatIsWrong) {
  struct Case {
    std::string body;
    std::string_view problem;
  };
  const std::string whole = R"("shape":[2],"datatype":"INT8","data":)";
  for (const Case& one : {
           Case{"[1]", "the message: expected an object but found an array"},
           Case{"5", "the message: expected an object but found a number"},
           Case{"{}", "the message has no inputs"},
           Case{R"({"inputs":null})", "the message has no inputs"},
           Case{R"({"error":"out of \"memory\""})", "out of \"memory\""},
           Case{R"({"inputs":{}})", "inputs: expected an array but found an object"},
           Case{R"({"inputs":[5]})", "inputs[0]: expected an object but found a number"},
           Case{R"({"inputs":[null]})", "inputs[0]: expected an object but found null"},
           Case{R"({"inputs":[[]]})", "inputs[0]: expected an object but found an array"},
           Case{R"({"inputs":[{}]})", "inputs[0].name is missing"},
           Case{R"({"inputs":[],"parameters":[1]})",
                "parameters: expected an object but found an array"},
           Case{R"({"inputs":[],"parameters":{"a":[1]}})",
                "parameters.a: expected a string, a number or a boolean but found an array"},
           Case{R"({"inputs":[],"outputs":["y"]})",
                "outputs[0]: expected an object but found a string"},
           Case{R"({"inputs":[],"outputs":[{}]})", "outputs[0].name is missing"},
           Case{with_input(R"("parameters":7)"),
                "inputs[0].parameters: expected an object but found a number"},
           Case{with_input(R"("shape":[1],"data":[1])"), "inputs[0].datatype: is missing"},
           Case{with_input(R"("shape":[1],"datatype":"FLOAT","data":[1])"),
                "inputs[0].datatype: \"FLOAT\" is none"},
           Case{with_input(R"("datatype":"INT8","data":[1])"), "inputs[0].shape is missing"},
           Case{with_input(R"("shape":[-1],"datatype":"INT8","data":[1])"),
                "inputs[0].shape: a dimension is less than 0"},
           Case{with_input(R"("shape":2,"datatype":"INT8","data":[1])"),
                "inputs[0].shape: expected a list of whole numbers"},
           Case{with_input(R"("shape":[2],"datatype":"INT8")"), "inputs[0].data is missing"},
           Case{with_input(whole + "[1]"), "inputs[0].data: expected 2 elements but found 1"},
           Case{with_input(whole + "[1,128]"), "inputs[0].data[1]: 128 is not of type INT8"},
           Case{with_input(whole + "[1,1.5]"), "inputs[0].data[1]: 1.5 is not of type INT8"},
           Case{with_input(whole + R"([1,"2"])"),
                "inputs[0].data[1]: expected a number but found a string"},
           Case{with_input(whole + "[true,false]"),
                "inputs[0].data: the elements are not of datatype INT8"},
           Case{with_input(R"("shape":[1],"datatype":"BYTES","data":[1])"),
                "inputs[0].data[0]: 1 is not of type STRING"},
           Case{with_input(R"("shape":[1],"datatype":"BOOL","data":[2])"),
                "inputs[0].data[0]: 2 is not of type BOOL"},
           Case{"{\"id\":\"\xFF\",\"inputs\":[]}", "the JSON is not UTF-8"},
           Case{"{\"inputs\":[{\"name\":\"\xFF\"}]}", "the JSON is not UTF-8"},
           Case{"{\"inputs\":[],\"parameters\":{\"a\":\"\xFF\"}}", "the JSON is not UTF-8"},
       }) {
    EXPECT_EQ(why(one.body), one.problem) << one.body;
  }
}

TEST(V2Json, KeepsErrorsShort) {
  const std::string endless(100'000, 'x');
  for (const std::string& body :
       {R"({"error":")" + endless + "\"}",
        R"({"inputs":[{"name":"x","datatype":")" + endless + "\"}]}",
        R"({"inputs":[{"name":")" + endless +
            R"(","shape":[1],"datatype":"INT8","parameters":{"binary_data_size":1}}]})",
        R"({"inputs":[],"model_name":")" + endless + R"(","parameters":{")" + endless +
            "\":[]}}"}) {
    EXPECT_LT(why(body).size(), 1000U);
  }
}

TEST(V2Json, TraitsAreThereWithoutTheTensors) {
  const RequestTraits traits = read_v2_traits(Payload::json(
      R"({"inputs":[{"data":"anything"}],"id":"7","parameters":{"binary_data_output":true},)"
      R"("outputs":[{"name":"y","parameters":{"binary_data":false}}]})"));
  EXPECT_EQ(traits.id, "7");
  EXPECT_TRUE(traits.binary_output);
  ASSERT_EQ(traits.outputs.size(), 1U);
  EXPECT_EQ(traits.outputs[0].name, "y");
  EXPECT_TRUE(read_v2_traits(Payload::json("{")).id.empty());
  EXPECT_TRUE(read_v2_traits(Payload::json("{\"id\":\"\xFF\"}")).id.empty());
  EXPECT_TRUE(read_v2_traits(Payload::json("[]")).outputs.empty());
}

Message two_tensors() {
  Message message;
  message.model_name = "m";
  message.model_version = "3";
  Tensor first;
  first.name = "a";
  first.type = DataType::kInt8;
  first.shape = {1, 2};
  first.data = "\1\2";
  Tensor second;
  second.name = "b";
  second.type = DataType::kFloat16;
  second.shape = {1};
  second.data = std::string_view("\0\x3C", 2);
  message.tensors = {first, second};
  return message;
}

TEST(V2Json, WritesAnswersAsTheRequestWantsThem) {
  Message message = two_tensors();
  message.parameters = {{"p", std::int64_t{1}}};
  V2Options options;
  options.role = Role::kAnswer;
  options.traits.id = "7";
  options.traits.outputs = {{"a", {}}};
  const auto plain = write_v2_json(message, options);
  ASSERT_TRUE(plain.has_value()) << plain.error().message();
  EXPECT_EQ(plain->bytes(),
            R"({"model_name":"m","model_version":"3","id":"7","parameters":{"p":1},"outputs":[)"
            R"({"name":"a","shape":[1,2],"datatype":"INT8","data":[1,2]}]})");
  EXPECT_EQ(plain->content_type(), "application/json");
  EXPECT_FALSE(plain->json_size().has_value());

  options.traits.outputs = {};
  EXPECT_THAT(written(message, options), HasSubstr("FP16 has no form in JSON"));
  options.traits.binary_output = true;
  const auto binary = write_v2_json(message, options);
  ASSERT_TRUE(binary.has_value()) << binary.error().message();
  EXPECT_EQ(binary->content_type(), "application/octet-stream");
  const std::size_t json_size = binary->json_size().value_or(0);
  ASSERT_EQ(json_size, binary->size() - 4);
  EXPECT_EQ(binary->bytes().substr(json_size), std::string_view("\1\2\0\x3C", 4));

  // An output's own word counts more.
  options.traits.outputs = {{"b", {}}, {"a", {{"binary_data", false}}}};
  EXPECT_EQ(written(message, options),
            R"({"model_name":"m","model_version":"3","id":"7","parameters":{"p":1},"outputs":[)"
            R"({"name":"b","shape":[1],"datatype":"FP16","parameters":{"binary_data_size":2}},)"
            R"({"name":"a","shape":[1,2],"datatype":"INT8","data":[1,2]}]})" +
                std::string("\0\x3C", 2));
  options.traits.outputs = {{"c", {}}};
  EXPECT_EQ(written(message, options), "error: the answer has no output \"c\"");
}

TEST(V2Json, WritesRequests) {
  Message message = two_tensors();
  message.parameters = {{"text", std::string("t")}, {"real", 2.0}};
  V2Options options;
  options.traits.id = "7";
  options.traits.outputs = {{"y", {{"binary_data", true}}}, {"z", {}}};
  EXPECT_EQ(written(message, options),
            R"({"id":"7","parameters":{"text":"t","real":2.0},"inputs":[)"
            R"({"name":"a","shape":[1,2],"datatype":"INT8","data":[1,2]},)"
            R"({"name":"b","shape":[1],"datatype":"FP16","parameters":{"binary_data_size":2}}],)"
            R"("outputs":[{"name":"y","parameters":{"binary_data":true}},{"name":"z"}]})" +
                std::string("\0\x3C", 2));
}

TEST(V2Json, RefusesWhatHasNoForm) {
  Message message = two_tensors();
  V2Options options;
  message.tensors.at(0).name.clear();
  EXPECT_EQ(written(message, options), "error: tensor 0 has no name");
  message.tensors.at(0).name = "a";
  message.tensors.at(0).type = DataType::kComplex64;
  EXPECT_EQ(written(message, options), "error: tensor \"a\": protocol v2 has no datatype for it");
}

// A parameter that was no number became one that no reader takes: nan.0.
TEST(V2Json, WritesParametersThatAreNoNumbers) {
  const auto message = read(R"({"inputs":[],"parameters":{"a":NaN,"b":-Infinity,"c":Infinity}})");
  ASSERT_TRUE(message.has_value()) << message.error().message();
  Message copy;
  copy.parameters = message->parameters;
  EXPECT_EQ(written(copy, {}),
            R"({"parameters":{"a":NaN,"b":-Infinity,"c":Infinity},"inputs":[]})");
}

// A byte of 2 was true in JSON and stayed 2 elsewhere.
TEST(V2Json, MakesBinaryBooleansZeroOrOne) {
  const std::string json = R"({"inputs":[{"name":"x","shape":[3],"datatype":"BOOL",)"
                           R"("parameters":{"binary_data_size":3}}]})";
  const auto message = read(json, std::string_view("\2\0\xFF", 3));
  ASSERT_TRUE(message.has_value()) << message.error().message();
  EXPECT_EQ(message->tensors.at(0).data, std::string_view("\1\0\1", 3));
}

}  // namespace
}  // namespace infergraph::protocol
