#include "protocol/json/proto_json.hpp"

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "protocol/json/json.hpp"
#include "seldon/prediction.pb.h"
#include "tensorflow_serving/model.pb.h"
#include "tensorflow_serving/model_status.pb.h"

namespace infergraph::protocol {
namespace {

using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;
using seldon::protos::SeldonMessage;

template <typename Message>
Result<std::string> to_wire(std::string_view json) {
  return json_to_proto(json, *Message::descriptor());
}

template <typename Message>
std::string to_text(const Message& message) {
  const auto json = proto_to_json(message.SerializeAsString(), *Message::descriptor());
  return json ? *json : "error: " + json.error().message();
}

/// There and back.
template <typename Message>
std::string round(std::string_view json) {
  const auto wire = to_wire<Message>(json);
  if (!wire) return "error: " + wire.error().message();
  Message message;
  EXPECT_TRUE(message.ParseFromString(*wire)) << json;
  const auto text = proto_to_json(*wire, *Message::descriptor());
  return text ? *text : "error: " + text.error().message();
}

struct Case {
  std::string_view json;
  std::string_view expected;  // empty: the same
};

class SeldonMessages : public testing::TestWithParam<Case> {};

TEST_P(SeldonMessages, GoToProtoAndBack) {
  const auto [json, expected] = GetParam();
  EXPECT_EQ(round<SeldonMessage>(json), expected.empty() ? json : expected);
}

// Where the mapping agrees, protobuf's own converter makes the same of it.
TEST_P(SeldonMessages, AreWhatProtobufReads) {
  SeldonMessage theirs;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  if (!JsonStringToMessage(std::string(GetParam().json), &theirs, options).ok()) GTEST_SKIP();
  SeldonMessage ours;
  ASSERT_TRUE(ours.ParseFromString(*to_wire<SeldonMessage>(GetParam().json)));
  EXPECT_EQ(ours.DebugString(), theirs.DebugString());
}

INSTANTIATE_TEST_SUITE_P(
    ProtoJson, SeldonMessages,
    testing::Values(
        Case{"{}", ""}, Case{R"({"meta":{}})", ""}, Case{R"({"strData":""})", ""},
        Case{R"({"meta":{},"strData":"a\"\\/é\n"})", R"({"meta":{},"strData":"a\"\\/é\n"})"},
        Case{R"({"strData":"\u00e9\ud83d\ude00\/"})", R"({"strData":"é😀/"})"},
        Case{R"({"binData":""})", ""}, Case{R"({"binData":"AQID"})", ""},
        Case{R"({"binData":"AQID_-8"})", R"({"binData":"AQID/+8="})"},
        Case{R"({"binData":"AQID\/+8="})", R"({"binData":"AQID/+8="})"}, Case{R"({"data":{}})", ""},
        Case{R"({"data":{"tensor":{}}})", ""},
        Case{R"({"data":{"names":["a","b"],"tensor":{"shape":[2],"values":[1,-2.5]}}})", ""},
        Case{R"({"data":{"names":[],"tensor":{"shape":[],"values":[]}}})",
             R"({"data":{"tensor":{}}})"},
        Case{R"({"data":{"tensor":{"shape":["1",2.0,3e0],"values":["1","1e3"]}}})",
             R"({"data":{"tensor":{"shape":[1,2,3],"values":[1,1000]}}})"},
        Case{R"({"data":{"tensor":{"values":["NaN","Infinity","-Infinity",-0.0]}}})",
             R"({"data":{"tensor":{"values":["NaN","Infinity","-Infinity",-0]}}})"},
        Case{R"({"data":{"tensor":{"values":[NaN,Infinity,-Infinity]}}})",
             R"({"data":{"tensor":{"values":["NaN","Infinity","-Infinity"]}}})"},
        Case{R"({"data":{"ndarray":[]}})", ""}, Case{R"({"data":{"ndarray":[[]]}})", ""},
        Case{R"({"data":{"ndarray":[[1,"a",null,true,{"x":[1,{}]}],[]]}})", ""},
        Case{R"({"jsonData":null})", ""}, Case{R"({"jsonData":0})", ""},
        Case{R"({"jsonData":{"a":[1,2,{}],"b":null,"c":""}})", ""},
        Case{R"({"jsonData":{"b":1,"a":2}})", R"({"jsonData":{"a":2,"b":1}})"},
        Case{R"({"data":{"tensor":null,"ndarray":null},"meta":null,"strData":null})",
             R"({"data":{}})"},
        Case{R"({"meta":{"puid":"p","tags":{"a":1,"b":{"c":[null]}},"routing":{"x":-1,"y":2},)"
             R"("requestPath":{"n":"image"},"metrics":[{"key":"k","type":"GAUGE","value":0.1,)"
             R"("tags":{"q":"w"}},{}]}})",
             ""},
        Case{R"({"meta":{"metrics":[{"type":0},{"type":"TIMER"},{"type":2},{"type":99}]}})",
             R"({"meta":{"metrics":[{},{"type":"TIMER"},{"type":"TIMER"},{"type":99}]}})"},
        Case{R"({"status":{"code":-1,"info":"i","reason":"r","status":1}})",
             R"({"status":{"code":-1,"info":"i","reason":"r","status":"FAILURE"}})"},
        Case{R"({"unknown":[{"x":[]}],"meta":{"unknown":1,"puid":"p"},"@type":3})",
             R"({"meta":{"puid":"p"}})"},
        Case{R"({"me\u0074a":{"pu\u0069d":"p","routing":{"\u0061":1}}})",
             R"({"meta":{"puid":"p","routing":{"a":1}}})"},
        Case{R"({"data":{"tftensor":{"dtype":"DT_INT64","tensor_shape":{"dim":[{"size":"2"}]},)"
             R"("int64Val":["1",-3e1],"string_val":["YQ"]}}})",
             R"({"data":{"tftensor":{"dtype":"DT_INT64","tensorShape":{"dim":[{"size":"2"}]},)"
             R"("stringVal":["YQ=="],"int64Val":["1","-30"]}}})"},
        Case{
            R"({"data":{"tftensor":{"boolVal":[true,false],"halfVal":[1],"uint32Val":[4294967295],)"
            R"("uint64Val":["18446744073709551615"]}}})",
            R"({"data":{"tftensor":{"boolVal":[true,false],"halfVal":[1],)"
            R"("uint32Val":[4294967295],"uint64Val":["18446744073709551615"]}}})"}));

INSTANTIATE_TEST_SUITE_P(
    Any, SeldonMessages,
    testing::Values(
        Case{R"({"customData":{}})", ""},
        Case{
            R"({"customData":{"x":1,"values":[1],"@type":"type.googleapis.com/seldon.protos.Tensor"}})",
            R"({"customData":{"@type":"type.googleapis.com/seldon.protos.Tensor","values":[1]}})"},
        Case{R"({"customData":{"@type":"type.googleapis.com/google.protobuf.Value","value":[1]}})",
             ""},
        Case{R"({"customData":{"@type":"type.googleapis.com/google.protobuf.Struct",)"
             R"("value":{"a":1}}})",
             ""},
        Case{R"({"customData":{"@type":"type.googleapis.com/google.protobuf.FloatValue",)"
             R"("value":0.1}})",
             ""},
        Case{R"({"customData":{"@type":"type.googleapis.com/google.protobuf.Empty","value":{}}})",
             R"({"customData":{"@type":"type.googleapis.com/google.protobuf.Empty"}})"},
        Case{R"({"customData":{"@type":"type.googleapis.com/google.protobuf.Duration",)"
             R"("value":"1.500s"}})",
             ""},
        Case{R"({"customData":{"@type":"type.googleapis.com/google.protobuf.Any","value":)"
             R"({"@type":"type.googleapis.com/seldon.protos.Meta","puid":"p"}}})",
             ""}));

TEST(ProtoJson, RefusesWithThePath) {
  constexpr Case kCases[] = {
      {R"({"data":{"tensor":{"values":[1,2,3,"x"]}}})",
       "data.tensor.values[3]: expected a number but found a string"},
      {R"({"data":{"tensor":{"values":[1,[2]]}}})",
       "data.tensor.values[1]: expected a number but found an array"},
      {R"({"data":{"tensor":{"values":["infinity"]}}})",
       "data.tensor.values[0]: expected a number but found a string"},
      {R"({"data":{"tensor":{"values":[null]}}})",
       "data.tensor.values[0]: null is not allowed here"},
      {R"({"data":{"tensor":{"values":3}}})",
       "data.tensor.values: expected an array but found a number"},
      {R"({"data":{"tensor":{"shape":[1.5]}}})",
       "data.tensor.shape[0]: expected an integer but found 1.5"},
      {R"({"data":{"tensor":{"shape":[NaN]}}})",
       "data.tensor.shape[0]: expected an integer but found NaN"},
      {R"({"data":{"tensor":{"shape":[2147483648]}}})",
       "data.tensor.shape[0]: 2147483648 is out of the field's range"},
      {R"({"data":{"tensor":{"shape":[1e400000000000]}}})", ""},
      {R"({"data":{"ndarray":[[1,NaN]]}})",
       "data.ndarray[0][1]: NaN is no JSON number, and a Value holds no other"},
      {R"({"data":{"ndarray":{}}})", "data.ndarray: expected an array but found an object"},
      {R"({"meta":{"tags":{"a":-Infinity}}})",
       "meta.tags.a: -Infinity is no JSON number, and a Value holds no other"},
      {R"({"meta":{"tags":[]}})", "meta.tags: expected an object but found an array"},
      {R"({"meta":{"routing":{"a":null}}})", "meta.routing.a: null is not allowed here"},
      {R"({"meta":{"routing":{"a":[1]}}})",
       "meta.routing.a: expected an integer but found an array"},
      {R"({"meta":{"metrics":[{"value":1e39}]}})",
       "meta.metrics[0].value: 1e39 is out of the field's range"},
      {R"({"meta":{"metrics":[{"type":"gauge"}]}})",
       "meta.metrics[0].type: \"gauge\" is no seldon.protos.Metric.MetricType"},
      {R"({"meta":{"metrics":[{"type":true}]}})",
       "meta.metrics[0].type: expected a name or a number but found a boolean"},
      {R"({"meta":{"puid":1}})", "meta.puid: expected a string but found a number"},
      {R"({"meta":{"puid":"a","puid":"b"}})", "meta.puid: is there twice"},
      {R"({"meta":{},"meta":{}})", "meta: is there twice"},
      {R"({"strData":"a","binData":"YQ=="})", "binData: there is strData already"},
      {R"({"data":{"ndarray":[1],"tensor":{}}})", "data.tensor: there is ndarray already"},
      {R"({"data":{"tftensor":{"tensor_shape":{},"tensorShape":{}}}})",
       "data.tftensor.tensorShape: is there twice"},
      {R"({"data":{"tftensor":{"boolVal":[1]}}})",
       "data.tftensor.boolVal[0]: expected a boolean but found a number"},
      {R"({"binData":"a"})", "binData: expected base64 but found another string"},
      {R"({"binData":[1]})", "binData: expected a string of base64 but found an array"},
      {"{\"strData\":\"\xff\"}", "strData: the text is not UTF-8"},
      {"{\"jsonData\":{\"\xff\":1}}", ""},
      {R"({"customData":{"x":1}})", "customData: there is no @type, which an Any needs"},
      {R"({"customData":{"@type":"x/y"}})", "customData: the @type \"x/y\" is not known"},
      {R"({"customData":{"@type":"x/google.protobuf.FileOptions"}})",
       "customData: the @type \"x/google.protobuf.FileOptions\" is not known"},
      {R"({"customData":{"@type":"x/google.protobuf.Value"}})",
       "customData: there is no value, which this @type needs"},
      {R"({"customData":{"@type":"x/google.protobuf.ListValue","value":[1,NaN]}})",
       "customData.value[1]: NaN is no JSON number, and a Value holds no other"},
      {R"({"customData":{"@type":"x/seldon.protos.Meta","metrics":[{"key":1}]}})",
       "customData.metrics[0].key: expected a string but found a number"},
      {R"({"customData":{"@type":"x/google.protobuf.Timestamp","value":"now"}})",
       "customData.value: \"now\" is no google.protobuf.Timestamp"},
      {R"({"customData":3})", "customData: expected an object but found a number"},
      {"[1]", "expected an object but found an array"},
      {"null", "null is not allowed here"},
      {"", ""},
      {"{\"strData\":\"a\"", ""},
  };
  for (const auto& [json, expected] : kCases) {
    const auto wire = to_wire<SeldonMessage>(json);
    ASSERT_FALSE(wire.has_value()) << json;
    EXPECT_EQ(wire.error().code(), Code::kInvalidArgument);
    if (!expected.empty()) {
      EXPECT_EQ(wire.error().message(), expected);
    }
  }
}

TEST(ProtoJson, KeepsItsErrorsShort) {
  const std::string nines(1'000'000, '9');
  const std::string key(1'000'000, 'k');
  for (const std::string& json : {R"({"data":{"tensor":{"shape":[")" + nines + R"("]}}})",
                                  R"({"data":{"tensor":{"values":[")" + nines + R"("]}}})",
                                  R"({"meta":{"routing":{")" + key + R"(":true}}})",
                                  R"({"customData":{"@type":"x/)" + key + R"("}})",
                                  R"({"meta":{"metrics":[{"type":")" + key + R"("}]}})"}) {
    const auto wire = to_wire<SeldonMessage>(json);
    ASSERT_FALSE(wire.has_value());
    EXPECT_LT(wire.error().message().size(), 400U);
  }
  SeldonMessage message;
  (*message.mutable_meta()->mutable_tags())[key].set_number_value(NAN);
  EXPECT_LT(to_text(message).size(), 400U);
  EXPECT_EQ(json::excerpt("aéé", 3), "aé…");
  EXPECT_EQ(json::excerpt("aéé", 4), "aé…");
  EXPECT_EQ(json::excerpt("aéé", 5), "aéé");
}

std::string nested(std::size_t levels, std::string_view inside) {
  return R"({"data":{"ndarray":)" + std::string(levels, '[') + std::string(inside) +
         std::string(levels, ']') + "}}";
}

TEST(ProtoJson, NestsAsDeepAsAPeerCanRead) {
  // SeldonMessage holds DefaultData, ListValue, two messages for every list in that, and a Value.
  constexpr std::size_t kMost = (kMaxMessageDepth - 3) / 2 + 1;
  static_assert(2 * kMost + 1 == kMaxMessageDepth);
  const auto deepest = to_wire<SeldonMessage>(nested(kMost, "1"));
  ASSERT_TRUE(deepest.has_value());
  seldon::protos::SeldonMessageList list;
  ASSERT_TRUE(list.add_seldonmessages()->ParseFromString(*deepest));
  EXPECT_TRUE(list.ParseFromString(std::string(list.SerializeAsString())));
  EXPECT_EQ(round<SeldonMessage>(nested(kMost, "1")), nested(kMost, "1"));
  EXPECT_EQ(round<SeldonMessage>(nested(kMost, "\"a\"")), nested(kMost, "\"a\""));
  EXPECT_FALSE(to_wire<SeldonMessage>(nested(kMost, "{}")).has_value());
  for (const std::size_t levels : {kMost + 1, std::size_t{900}, std::size_t{100'000}}) {
    const auto wire = to_wire<SeldonMessage>(nested(levels, ""));
    ASSERT_FALSE(wire.has_value()) << levels;
    EXPECT_EQ(wire.error().code(), Code::kInvalidArgument);
  }
}

TEST(ProtoJson, RefusesAMessageTooDeepToRead) {
  // Lists inside lists, from the inside out.
  const auto wrapped = [](int tag, const std::string& inner) {
    std::string size;
    for (std::size_t rest = inner.size();; rest >>= 7U) {
      size += static_cast<char>((rest & 0x7FU) | (rest > 0x7F ? 0x80U : 0U));
      if (rest <= 0x7F) break;
    }
    return static_cast<char>(tag) + size + inner;
  };
  std::string wire;
  for (int i = 0; i < 100; ++i) wire = wrapped(0x0A, wrapped(0x32, wire));
  const auto json = proto_to_json(wrapped(0x1A, wrapped(0x1A, wire)), *SeldonMessage::descriptor());
  ASSERT_FALSE(json.has_value());
  EXPECT_EQ(json.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(json.error().message(), "the message nests deeper than protobuf reads");
}

TEST(ProtoJson, RefusesAnyInsideAnyWithoutEnd) {
  constexpr std::string_view kAny = R"({"@type":"x/google.protobuf.Any","value":)";
  const auto any = [&](int levels) {
    std::string text = R"({"customData":)";
    for (int i = 0; i < levels; ++i) text += kAny;
    text +=
        R"({"@type":"x/seldon.protos.Meta"})" + std::string(static_cast<std::size_t>(levels), '}');
    return text + '}';
  };
  EXPECT_EQ(round<SeldonMessage>(any(kMaxAnyDepth - 1)), any(kMaxAnyDepth - 1));
  EXPECT_FALSE(to_wire<SeldonMessage>(any(kMaxAnyDepth)).has_value());

  SeldonMessage message;
  for (int i = 0; i <= kMaxAnyDepth; ++i) {
    google::protobuf::Any outer;
    outer.set_type_url("x/google.protobuf.Any");
    outer.set_value(message.customdata().SerializeAsString());
    *message.mutable_customdata() = outer;
  }
  EXPECT_TRUE(to_text(message).starts_with("error: customData.value.value")) << to_text(message);
}

TEST(ProtoJson, KeepsEveryDigit) {
  std::mt19937_64 random(1);
  SeldonMessage message;
  auto& values = *message.mutable_data()->mutable_tensor()->mutable_values();
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isnan(value)) values.Add(value);
  }
  for (const double value :
       {0.0, -0.0, 0.1, 1.0 / 3, 1e15, 1e16, 1e-5, 1e-7, 123456789012345680.0,
        std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min()}) {
    values.Add(value);
  }
  for (int i = 0; i < 20'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isnan(value)) message.mutable_meta()->add_metrics()->set_value(value);
  }
  const auto wire = to_wire<SeldonMessage>(to_text(message));
  ASSERT_TRUE(wire.has_value());
  SeldonMessage again;
  ASSERT_TRUE(again.ParseFromString(*wire));
  for (int i = 0; i < values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint64_t>(again.data().tensor().values(i)),
              std::bit_cast<std::uint64_t>(values[i]));
  }
  for (int i = 0; i < message.meta().metrics_size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(again.meta().metrics(i).value()),
              std::bit_cast<std::uint32_t>(message.meta().metrics(i).value()));
  }
}

// 7.038531e-26 lies just above the middle of two floats: by way of a double it rounds to the other.
TEST(ProtoJson, RoundsAFloatOnce) {
  const auto wire = to_wire<google::protobuf::FloatValue>("7.038531e-26");
  google::protobuf::FloatValue value;
  ASSERT_TRUE(value.ParseFromString(*wire));
  EXPECT_EQ(value.value(), 0x1.5c87fap-84F);
  EXPECT_NE(value.value(), static_cast<float>(7.038531e-26));
}

TEST(ProtoJson, ReadsNumbersInEveryFormOfTheMapping) {
  const auto round_int64 = [](std::string_view json) {
    return round<google::protobuf::Int64Value>(json);
  };
  const auto round_uint64 = [](std::string_view json) {
    return round<google::protobuf::UInt64Value>(json);
  };
  EXPECT_EQ(round_int64("9223372036854775807"), "\"9223372036854775807\"");
  EXPECT_EQ(round_int64("-9.223372036854775808e18"), "\"-9223372036854775808\"");
  EXPECT_EQ(round_int64("\"-9223372036854775808\""), "\"-9223372036854775808\"");
  EXPECT_EQ(round_uint64("18446744073709551615"), "\"18446744073709551615\"");
  EXPECT_EQ(round_uint64("1.8446744073709551615e19"), "\"18446744073709551615\"");
  EXPECT_EQ(round_uint64("-0"), "\"0\"");
  EXPECT_EQ(round_uint64("0e5"), "\"0\"");
  EXPECT_EQ(round_uint64("0.0e-999999"), "\"0\"");
  EXPECT_EQ(round_uint64("12300e-2"), "\"123\"");
  for (const std::string_view bad :
       {"9223372036854775808", "-9223372036854775809", "1e19", "1e-1", "0.5", "\"\"", "\"-\"",
        "\"1 \"", "\" 1\"", "\"0x1\"", "\"1e\"", "\"e1\"", "\".\"", "\"1.2.3\"", "\"NaN\"", "true",
        "\"1e99999999999999999999\"", "Infinity", "-Inf"}) {
    EXPECT_TRUE(round_int64(bad).starts_with("error: ")) << bad;
  }
  EXPECT_TRUE(round_uint64("-1").starts_with("error: "));
  EXPECT_TRUE(round_uint64("18446744073709551616").starts_with("error: "));

  const auto round_double = [](std::string_view json) {
    return round<google::protobuf::DoubleValue>(json);
  };
  EXPECT_EQ(round_double("1e-400"), "0");
  EXPECT_EQ(round_double("-1e-400"), "-0");
  EXPECT_EQ(round_double("\"1e-400\""), "0");
  EXPECT_EQ(round_double("-Inf"), "\"-Infinity\"");
  for (const std::string_view bad : {"1e400", "\"1e400\"", "\"inf\"", "\"nan\"", "\"-NaN\"",
                                     "\"Inf\"", "\"\"", "\"1x\"", "\"+1\"", "\" 1\""}) {
    EXPECT_TRUE(round_double(bad).starts_with("error: ")) << bad;
  }
  EXPECT_EQ(round<google::protobuf::FloatValue>("1e-60"), "0");
  EXPECT_EQ(round<google::protobuf::FloatValue>("16777217"), "16777216");
}

TEST(ProtoJson, KnowsEveryKindOfMapKeyAndWrapper) {
  EXPECT_EQ(round<tensorflow::serving::ModelSpec>(R"({"name":"m","version":"7"})"),
            R"({"name":"m","version":"7"})");
  EXPECT_EQ(round<tensorflow::serving::ModelSpec>(R"({"version_label":""})"),
            R"({"versionLabel":""})");
  EXPECT_EQ(round<tensorflow::serving::StatusProto>(R"({"error_code":"NOT_FOUND"})"),
            R"({"error_code":"NOT_FOUND"})");
  constexpr std::string_view kInfer =
      R"({"modelName":"m","parameters":{"a":{"boolParam":false},"b":{"int64Param":"0"}},)"
      R"("inputs":[{"name":"x","datatype":"FP32","shape":["1"],)"
      R"("contents":{"fp32Contents":[0.1,16777216]}}]})";
  EXPECT_EQ(round<inference::ModelInferRequest>(kInfer), kInfer);
}

TEST(ProtoJson, ReadsWhatProtobufWrites) {
  for (const std::string_view json :
       {R"({"data":{"ndarray":[["<a>",1.5]]},"meta":{"tags":{"x":{"y":[1]}}}})",
        R"({"data":{"tensor":{"values":["NaN",0.1]}},"status":{"code":3}})",
        R"({"customData":{"@type":"type.googleapis.com/seldon.protos.Meta","puid":"p"}})"}) {
    SeldonMessage message;
    ASSERT_TRUE(message.ParseFromString(*to_wire<SeldonMessage>(json)));
    std::string theirs;
    ASSERT_TRUE(MessageToJsonString(message, &theirs).ok());
    EXPECT_EQ(round<SeldonMessage>(theirs), to_text(message));
    SeldonMessage again;
    ASSERT_TRUE(JsonStringToMessage(to_text(message), &again).ok());
    EXPECT_EQ(again.DebugString(), message.DebugString());
  }
}

TEST(ProtoJson, PassesOverUnknownFieldsOfAMessage) {
  SeldonMessage message;
  message.set_strdata("a");
  const std::string wire = message.SerializeAsString() + std::string("\x98\x06\x01", 3);
  EXPECT_EQ(*proto_to_json(wire, *SeldonMessage::descriptor()), R"({"strData":"a"})");
}

TEST(ProtoJson, MergesWhatIsOnTheWireTwice) {
  SeldonMessage first;
  first.mutable_meta()->set_puid("p");
  SeldonMessage second;
  (*second.mutable_meta()->mutable_routing())["a"] = 1;
  EXPECT_EQ(*proto_to_json(first.SerializeAsString() + second.SerializeAsString(),
                           *SeldonMessage::descriptor()),
            R"({"meta":{"puid":"p","routing":{"a":1}}})");
}

TEST(ProtoJson, RefusesAMalformedMessage) {
  for (const std::string_view wire :
       {std::string_view("\x12\x05", 2), std::string_view("\x2a\x01\xff", 3),
        std::string_view("\x0f", 1), std::string_view("\x00", 1)}) {
    const auto json = proto_to_json(wire, *SeldonMessage::descriptor());
    ASSERT_FALSE(json.has_value());
    EXPECT_EQ(json.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(json.error().message(),
              "the message is not a well-formed seldon.protos.SeldonMessage");
  }
}

TEST(ProtoJson, RefusesWhatJsonCannotHold) {
  SeldonMessage message;
  message.mutable_data()->mutable_ndarray()->add_values()->set_number_value(1);
  message.mutable_data()->mutable_ndarray()->add_values()->set_number_value(NAN);
  EXPECT_EQ(to_text(message),
            "error: data.ndarray[1]: JSON has no number for NaN and infinity, and a Value holds no "
            "other");
  message.mutable_customdata()->set_type_url("x/y");
  EXPECT_EQ(to_text(message), "error: customData: the @type \"x/y\" is not known");
  message.mutable_customdata()->set_type_url("x/seldon.protos.Meta");
  message.mutable_customdata()->set_value("\x0f");
  EXPECT_EQ(to_text(message), "error: customData: not a well-formed seldon.protos.Meta");
  message.Clear();
  (*message.mutable_meta()->mutable_tags())["t"].mutable_struct_value()->mutable_fields()->insert(
      {"f", google::protobuf::Value()});
  EXPECT_EQ(to_text(message), R"({"meta":{"tags":{"t":{"f":null}}}})");
  (*(*message.mutable_meta()->mutable_tags())["t"].mutable_struct_value()->mutable_fields())["f"]
      .set_number_value(INFINITY);
  EXPECT_TRUE(to_text(message).starts_with("error: meta.tags.t.f: "));
}

}  // namespace
}  // namespace infergraph::protocol
