#include "protocol/tensor/elements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace infergraph::protocol {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

/// What a list is read as, in words.
std::string read(const std::string& text, bool b64 = false) {
  Message message;
  const auto tensor = read_list(message, text, "x", b64);
  if (!tensor) return tensor.error().message();
  std::string out;
  for (const std::int64_t length : tensor->shape) out += std::to_string(length) + ' ';
  if (tensor->type == DataType::kUnknown) return out + (tensor->is_whole ? "whole" : "numbers");
  out += tensorflow_name(tensor->type);
  for (const std::string_view element : tensor->strings) out.append(" ").append(element);
  for (const char element : tensor->data) out += element != 0 ? " true" : " false";
  return out;
}

std::string typed(const std::string& text, DataType type) {
  Message message;
  auto tensor = read_list(message, text, "x");
  if (!tensor) return tensor.error().message();
  tensor = with_type(message, *std::move(tensor), type);
  return tensor ? std::string(tensor->data) : tensor.error().message();
}

std::string written(const Tensor& tensor, const JsonStyle& style = {}, bool flat = false) {
  std::string out;
  const auto done = flat ? append_flat(out, tensor, style) : append_nested(out, tensor, style);
  return done ? out : "error: " + done.error().message();
}

TEST(ReadList, FindsShapeAndType) {
  EXPECT_EQ(read("[[1,2],[3,4]]"), "2 2 whole");
  EXPECT_EQ(read(" [ [ 1 , -2.5e3 ] ] "), "1 2 numbers");
  EXPECT_EQ(read("[NaN, Infinity,-Infinity]"), "3 numbers");
  EXPECT_EQ(read("7"), "whole");
  EXPECT_EQ(read("[]"), "0 whole");
  EXPECT_EQ(read("[[],[]]"), "2 0 whole");
  EXPECT_EQ(read("[true,false]"), "2 DT_BOOL true false");
  EXPECT_EQ(read(R"(["a,]\"",[]])"), "x[1]: expected a string but found an array");
  EXPECT_EQ(read(R"([["a,]\"b"]])"), "1 1 DT_STRING a,]\"b");
  EXPECT_EQ(read(R"([{"b64" : "aGk="}, "x"])", true), "2 DT_STRING hi x");
}

TEST(ReadList, NamesTheBadElement) {
  EXPECT_EQ(read("[[1,2],[3]]"), "x[1]: expected 2 values but found 1");
  EXPECT_EQ(read("[[1],[2,3]]"), "x[1]: expected 1 value but found 2");
  EXPECT_EQ(read("[1,[2]]"), "x[1]: expected a number but found an array");
  EXPECT_EQ(read("[[1],2]"), "x[1]: expected an array but found a number");
  EXPECT_EQ(read("[[[]],[]]"), "x[1]: expected 1 value but found 0");
  EXPECT_EQ(read("[1,\"a\"]"), "x[1]: expected a number but found a string");
  EXPECT_EQ(read("[true,1]"), "x[1]: expected a boolean but found a number");
  EXPECT_EQ(read("[1,null]"), "x[1]: expected a number but found null");
  EXPECT_EQ(read("[{}]"), "x[0]: expected a number, a boolean or a string but found an object");
  EXPECT_EQ(read(R"([{"b64":"!"}])", true), "x[0]: expected base64 but found another string");
  EXPECT_THAT(read(R"([{"b64":"aGk=","c":1}])", true), HasSubstr("an object of several members"));
  EXPECT_THAT(read(R"([{"a":1}])", true), HasSubstr("found an object"));
}

TEST(WithType, HoldsTheRangeOfEveryInteger) {
  EXPECT_EQ(typed("[-128,127,1.0,1e1]", DataType::kInt8), raw<std::int8_t>({-128, 127, 1, 10}));
  EXPECT_EQ(typed("[128]", DataType::kInt8), "x[0]: 128 is not of type INT8");
  EXPECT_EQ(typed("[0,256]", DataType::kUint8), "x[1]: 256 is not of type UINT8");
  EXPECT_EQ(typed("[-1]", DataType::kUint8), "x[0]: -1 is not of type UINT8");
  EXPECT_EQ(typed("[32768]", DataType::kInt16), "x[0]: 32768 is not of type INT16");
  EXPECT_EQ(typed("[65535]", DataType::kUint16), raw<std::uint16_t>({65535}));
  EXPECT_EQ(typed("[2147483648]", DataType::kInt32), "x[0]: 2147483648 is not of type INT32");
  EXPECT_EQ(typed("[[4294967295]]", DataType::kUint32), raw<std::uint32_t>({4294967295U}));
  EXPECT_EQ(typed("[-9223372036854775808]", DataType::kInt64),
            raw<std::int64_t>({std::numeric_limits<std::int64_t>::min()}));
  EXPECT_EQ(typed("[[9223372036854775808]]", DataType::kInt64),
            "x[0][0]: 9223372036854775808 is not of type INT64");
  EXPECT_EQ(typed("[18446744073709551615]", DataType::kUint64),
            raw<std::uint64_t>({std::numeric_limits<std::uint64_t>::max()}));
  EXPECT_EQ(typed("[0.5]", DataType::kInt32), "x[0]: 0.5 is not of type INT32");
  EXPECT_EQ(typed("[0,1]", DataType::kBool), raw<std::uint8_t>({0, 1}));
  EXPECT_EQ(typed("[2]", DataType::kBool), "x[0]: 2 is not of type BOOL");
  EXPECT_EQ(typed("[1]", DataType::kBytes), "x[0]: 1 is not of type STRING");
}

TEST(WithType, RoundsRealsOnce) {
  EXPECT_EQ(typed("[0.1,1e-50]", DataType::kFloat32), raw<float>({0.1F, 0.0F}));
  EXPECT_EQ(typed("[1e39]", DataType::kFloat32), "x[0]: 1e39 is not of type FLOAT");
  EXPECT_EQ(typed("[0.1]", DataType::kFloat64), raw<double>({0.1}));
  EXPECT_EQ(typed("[1.0009765625,65504]", DataType::kFloat16),
            raw<std::uint16_t>({0x3C01, 0x7BFF}));
  EXPECT_EQ(typed("[65520]", DataType::kFloat16), "x[0]: 65520 is not of type HALF");
}

TEST(WithGuessedType, TakesWhatHoldsEveryNumber) {
  const auto guessed = [](const std::string& text) {
    Message message;
    auto tensor = read_list(message, text, "x");
    tensor = with_guessed_type(message, *std::move(tensor), DataType::kFloat64);
    return tensor ? std::string(tensorflow_name(tensor->type)) : tensor.error().message();
  };
  EXPECT_EQ(guessed("[1,2]"), "DT_DOUBLE");
  EXPECT_EQ(guessed("[]"), "DT_DOUBLE");
  EXPECT_EQ(guessed("[9007199254740992]"), "DT_DOUBLE");
  EXPECT_EQ(guessed("[9007199254740993]"), "DT_INT64");
  EXPECT_EQ(guessed("[-9223372036854775808]"), "DT_DOUBLE");
  EXPECT_EQ(guessed("[9223372036854775807]"), "DT_INT64");
  EXPECT_EQ(guessed("[9223372036854775808]"), "DT_DOUBLE");
  EXPECT_EQ(guessed("[18446744073709551615]"), "DT_UINT64");
  EXPECT_EQ(guessed("[18446744073709551615,-9223372036854775807]"),
            "x[0]: 18446744073709551615 is not of type DOUBLE");
  EXPECT_EQ(guessed("[9007199254740993,0.1]"), "x[0]: 9007199254740993 is not of type DOUBLE");
}

TEST(Append, NestsByTheShape) {
  Tensor tensor;
  tensor.type = DataType::kInt8;
  const std::string data = raw<std::int8_t>({1, 2, 3, 4, 5, 6});
  tensor.data = data;
  tensor.shape = {2, 3};
  EXPECT_EQ(written(tensor), "[[1,2,3],[4,5,6]]");
  EXPECT_EQ(written(tensor, {}, true), "[1,2,3,4,5,6]");
  tensor.shape = {1, 2, 3, 1};
  EXPECT_EQ(written(tensor), "[[[[1],[2],[3]],[[4],[5],[6]]]]");
  tensor.shape = {};
  tensor.data = tensor.data.substr(0, 1);
  EXPECT_EQ(written(tensor), "1");
  tensor.shape = {2, 0};
  tensor.data = {};
  EXPECT_EQ(written(tensor), "[[],[]]");
}

TEST(Append, CopiesTokensAsTheyStand) {
  Message message;
  auto tensor = read_list(message, "[[1.50, 1e-7],[NaN,9007199254740993]]", "x");
  EXPECT_EQ(written(*tensor), "[[1.50, 1e-7],[NaN,9007199254740993]]");
  EXPECT_EQ(written(*tensor, {}, true), "[1.50,1e-7,NaN,9007199254740993]");
  EXPECT_EQ(written(*tensor, {.quote_non_finite = true}),
            "[[1.50,1e-7],[\"NaN\",9007199254740993]]");
  tensor->shape = {4, 1};
  EXPECT_EQ(written(*tensor, {}, true), "[1.50,1e-7,NaN,9007199254740993]");
}

TEST(Append, WritesFloatsShortest) {
  Tensor tensor;
  tensor.shape = {4};
  tensor.type = DataType::kFloat32;
  const std::string floats =
      raw<float>({0.1F, 1.0F, std::numeric_limits<float>::infinity(), 1e10F});
  tensor.data = floats;
  EXPECT_EQ(written(tensor), "[0.1,1,Infinity,10000000000]");
  EXPECT_EQ(written(tensor, {.quote_non_finite = true, .floats_have_point = true}),
            "[0.1,1.0,\"Infinity\",10000000000.0]");
}

TEST(Append, RefusesShapesThatHaveMoreThanTheirElements) {
  Tensor tensor;
  tensor.name = "t";
  tensor.type = DataType::kFloat64;
  tensor.shape = {1'000'000'000, 0};
  EXPECT_THAT(written(tensor), HasSubstr("too many empty lists"));
  tensor.shape = {1'000'000'000};
  EXPECT_THAT(written(tensor), HasSubstr("not as many elements"));
  tensor.shape = {std::numeric_limits<std::int64_t>::max(), 3};
  EXPECT_THAT(written(tensor), HasSubstr("not as many elements"));
  tensor.shape.assign(5000, 1);
  EXPECT_THAT(written(tensor), HasSubstr("too many dimensions"));
}

TEST(Append, RefusesStringsThatAreNoText) {
  Tensor tensor;
  tensor.name = "t";
  tensor.type = DataType::kBytes;
  tensor.shape = {2};
  tensor.strings = {"a", "\xff"};
  EXPECT_EQ(written(tensor), "error: element 1 of \"t\" is not UTF-8, so it is no JSON string");
  EXPECT_EQ(written(tensor, {.b64 = true}), R"([{"b64":"YQ=="},{"b64":"/w=="}])");
}

TEST(RowWriter, GivesOneRowAfterTheOther) {
  Message message;
  const auto tensor = read_list(message, "[[1,2],[3,4]]", "x");
  Slices slices(0);
  RowWriter rows(*tensor, {}, slices);
  std::string out;
  ASSERT_TRUE(rows.append(out) && rows.append(out));
  EXPECT_EQ(out, "[1,2][3,4]");
}

TEST(Raw, CountsWhatIsThere) {
  Message message;
  Tensor tensor;
  tensor.type = DataType::kInt32;
  tensor.shape = {2};
  EXPECT_TRUE(from_raw(message, tensor, raw<std::int32_t>({1, 2}), "x"));
  EXPECT_EQ(from_raw(message, tensor, "abc", "x").error().message(),
            "x: expected 2 elements of INT32 but found 3 bytes");
  tensor.type = DataType::kBytes;
  const std::string two("\1\0\0\0a\2\0\0\0bc", 11);
  ASSERT_TRUE(from_raw(message, tensor, two, "x"));
  EXPECT_THAT(tensor.strings, ElementsAre("a", "bc"));
  EXPECT_EQ(to_raw(message, tensor)->bytes, two);
  for (std::size_t size = 0; size < two.size(); ++size) {
    tensor.strings.clear();
    EXPECT_FALSE(from_raw(message, tensor, std::string_view(two).substr(0, size), "x")) << size;
  }
  tensor.shape = {std::numeric_limits<std::int64_t>::max(), 8};
  tensor.type = DataType::kFloat64;
  EXPECT_FALSE(from_raw(message, tensor, "", "x"));
}

TEST(Half, GoesThereAndBackForEveryPattern) {
  for (unsigned bits = 0; bits <= 0xFFFF; ++bits) {
    const auto pattern = static_cast<std::uint16_t>(bits);
    if (!std::isnan(from_float16(pattern))) {
      ASSERT_EQ(to_float16(from_float16(pattern)), pattern) << bits;
    }
    if (!std::isnan(from_bfloat16(pattern))) {
      ASSERT_EQ(to_bfloat16(from_bfloat16(pattern)), pattern) << bits;
      float value = 0;
      const std::uint32_t wide = bits << 16U;
      std::memcpy(&value, &wide, sizeof value);
      ASSERT_EQ(from_bfloat16(pattern), static_cast<double>(value)) << bits;
    }
  }
  EXPECT_TRUE(std::isnan(from_float16(to_float16(std::nan("")))));
}

TEST(Half, RoundsTiesToEven) {
  EXPECT_EQ(to_float16(1.00048828125), 0x3C00);  // halfway to 0x3C01
  EXPECT_EQ(to_float16(1.00146484375), 0x3C02);  // halfway from 0x3C01
  EXPECT_EQ(to_float16(65519.99), 0x7BFF);
  EXPECT_EQ(to_float16(65520), 0x7C00);
  EXPECT_EQ(to_float16(0x1p-25), 0);
  EXPECT_EQ(to_float16(0x1.8p-25), 1);
  EXPECT_EQ(to_float16(-0.0), 0x8000);
  EXPECT_EQ(to_bfloat16(1.00390625), 0x3F80);
}

TEST(DataTypes, HaveTheNamesAndNumbersOfBothProtocols) {
  for (int i = 1; i <= static_cast<int>(DataType::kComplex128); ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(from_tensorflow_name(tensorflow_name(type)), type);
    EXPECT_EQ(from_tensorflow_number(tensorflow_number(type)), type);
    if (!v2_name(type).empty()) {
      EXPECT_EQ(from_v2_name(v2_name(type)), type);
    }
  }
  EXPECT_EQ(from_v2_name("FP8"), std::nullopt);
  EXPECT_EQ(from_v2_name(""), std::nullopt);
  EXPECT_EQ(from_tensorflow_number(11), std::nullopt);
  EXPECT_EQ(from_tensorflow_number(0), std::nullopt);
}

}  // namespace
}  // namespace infergraph::protocol
