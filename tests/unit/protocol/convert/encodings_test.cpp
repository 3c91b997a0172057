#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/base64.hpp"
#include "protocol/convert/convert.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {
namespace {

constexpr std::size_t kLimit = 1000;

Payload body(std::string text, std::string_view type) {
  Payload made = Payload::json(std::move(text));
  made.set_content_type(type);
  return made;
}

/// The message as JSON by way of proto; the error's text when there is one.
std::string round(const Payload& payload, MessageType type = MessageType::kSeldonMessage) {
  const auto wire = convert(payload, type, Encoding::kProto, kLimit);
  if (!wire) return "error: " + wire.error().message();
  EXPECT_EQ(wire->encoding(), Encoding::kProto);
  const auto json = convert(*wire, type, Encoding::kJson, kLimit);
  if (!json) return "error: " + json.error().message();
  EXPECT_EQ(json->encoding(), Encoding::kJson);
  EXPECT_EQ(json->content_type(), "application/json");
  return std::string(json->bytes());
}

TEST(Convert, GivesBackWhatNeedsNoConversion) {
  const Payload json = body("not JSON", "x/y");
  const auto same = convert(json, MessageType::kSeldonMessage, Encoding::kJson, kLimit);
  EXPECT_EQ(same->bytes().data(), json.bytes().data());
  EXPECT_EQ(same->content_type(), "x/y");
  const Payload proto = Payload::proto("\x0f");
  const auto also = convert(proto, MessageType::kSeldonMessage, Encoding::kProto, kLimit);
  EXPECT_EQ(also->bytes().data(), proto.bytes().data());
}

TEST(Convert, KeepsWhoSentIt) {
  Payload json = Payload::json(R"({"strData":"a"})");
  json.set_origin("node");
  json.set_status(201);
  const auto wire = convert(json, MessageType::kSeldonMessage, Encoding::kProto, kLimit);
  EXPECT_EQ(wire->origin(), "node");
  EXPECT_EQ(wire->status(), 200);
  EXPECT_EQ(convert(*wire, MessageType::kSeldonMessage, Encoding::kJson, kLimit)->origin(), "node");
}

TEST(Convert, GoesByTheContentType) {
  constexpr std::string_view kJson = R"({"strData":"a"})";
  for (const std::string_view type : {"", "application/json", "Application/JSON; charset=utf-8",
                                      "application/vnd.x+json", "text/json"}) {
    EXPECT_EQ(round(body(std::string(kJson), type)), kJson) << type;
  }
  EXPECT_EQ(round(body("{}", "text/plain; charset=utf-8")), R"({"strData":"{}"})");
  EXPECT_EQ(round(body("", "text/plain")), R"({"strData":""})");
  EXPECT_EQ(round(body("\xff", "text/plain")), "error: the text is not UTF-8");
  EXPECT_EQ(round(body("\x01\xff", "application/octet-stream")), R"({"binData":"Af8="})");
  EXPECT_EQ(round(body("json=%7B%22strData%22%3A%22a%22%7D", "application/x-www-form-urlencoded")),
            kJson);
  EXPECT_EQ(round(body("--b\r\nContent-Disposition: form-data; name=\"strData\"; "
                       "filename=\"f\"\r\n\r\na\r\n--b--",
                       "multipart/form-data; boundary=b")),
            kJson);
  EXPECT_EQ(round(body("--b", "multipart/form-data; boundary=b")),
            "error: malformed form: text behind a boundary");
  EXPECT_EQ(round(body("x", "image/png")),
            "error: a body of the type \"image/png\" is not read here");
}

TEST(Convert, KnowsJsonUnderAnotherName) {
  constexpr std::string_view kJson = R"({"strData":"a"})";
  EXPECT_EQ(round(body(" \n" + std::string(kJson), "application/x-www-form-urlencoded")), kJson);
  Payload answer = body(std::string(kJson), "text/html; charset=utf-8");
  EXPECT_EQ(round(answer), R"({"strData":"{\"strData\":\"a\"}"})");
  answer.set_origin("node");
  EXPECT_EQ(round(answer), kJson);

  Payload text = body("{hello}", "text/plain");
  text.set_origin("node");
  EXPECT_EQ(round(text), R"({"strData":"{hello}"})");
  Payload bytes = body(std::string(kJson), "application/octet-stream");
  bytes.set_origin("node");
  EXPECT_TRUE(round(bytes).starts_with(R"({"binData":)"));
}

TEST(Convert, TakesOnlyJsonForOtherMessages) {
  constexpr std::string_view kFeedback = R"({"request":{"strData":"a"},"reward":0.1})";
  EXPECT_EQ(round(body(std::string(kFeedback), ""), MessageType::kFeedback), kFeedback);
  EXPECT_EQ(round(body("json=%7B%22reward%22%3A0.1%7D&x=1", "application/x-www-form-urlencoded"),
                  MessageType::kFeedback),
            R"({"reward":0.1})");
  EXPECT_EQ(round(body("reward=1", "application/x-www-form-urlencoded"), MessageType::kFeedback),
            "error: the form has no field json");
  for (const auto type : {MessageType::kFeedback, MessageType::kModelMetadata,
                          MessageType::kGraphMetadata, MessageType::kSeldonMessageList}) {
    EXPECT_TRUE(round(body("a", "text/plain"), type).starts_with("error: a body of the type"));
  }
  EXPECT_TRUE(
      round(body("json=%7B%7D", "application/x-www-form-urlencoded"), MessageType::kModelMetadata)
          .starts_with("error: a body of the type"));
}

TEST(Convert, KnowsAnAggregatesListAsAnArray) {
  const auto list = [](std::string text) {
    return round(body(std::move(text), ""), MessageType::kSeldonMessageList);
  };
  EXPECT_EQ(list(R"( [{"strData":"a"},{}])"), R"([{"strData":"a"},{}])");
  EXPECT_EQ(list(R"({"seldonMessages":[{"strData":"a"}]})"), R"([{"strData":"a"}])");
  EXPECT_EQ(list("[]"), "[]");
  EXPECT_EQ(list("{}"), "[]");
  EXPECT_EQ(list(R"([{},{"strData":1}])"),
            "error: seldonMessages[1].strData: expected a string but found a number");
  EXPECT_TRUE(list("[{}],\"x\":[{}]").starts_with("error: malformed JSON"));
}

TEST(Convert, KnowsTheKeysOfGraphMetadataInJson) {
  constexpr std::string_view kJson =
      R"({"name":"p","models":{"m":{"name":"m","versions":["1"],"inputs":[{"messagetype":"tensor",)"
      R"("schema":{"names":["a"],"shape":[1]}}],"custom":{"k":"v"}}},)"
      R"("graphinputs":[{"messagetype":"tensor","shape":["1"]}],"graphoutputs":[{"name":"o"}]})";
  const Payload json = body(std::string(kJson), "");
  EXPECT_EQ(round(json, MessageType::kGraphMetadata), kJson);
  seldon::protos::SeldonGraphMetadata message;
  const auto wire = convert(json, MessageType::kGraphMetadata, Encoding::kProto, kLimit);
  ASSERT_TRUE(message.ParseFromString(std::string(wire->bytes())));
  EXPECT_EQ(message.inputs_size(), 1);
  EXPECT_EQ(message.outputs(0).name(), "o");
}

TEST(Convert, UnpacksFirst) {
  // printf '{"strData":"a"}' | gzip -n
  const std::string packed = *decode_base64("H4sIAAAAAAAAA6tWKi4pckksSVSyUkpUqgUALOECFw8AAAA=");
  Payload json = body(packed, "application/json");
  json.set_content_encoding("gzip");
  EXPECT_EQ(round(json), R"({"strData":"a"})");

  const auto small = convert(json, MessageType::kSeldonMessage, Encoding::kProto, 10);
  EXPECT_EQ(small.error().code(), Code::kTooLarge);
  Payload cut = body(packed.substr(0, 12), "");
  cut.set_content_encoding("gzip");
  EXPECT_EQ(convert(cut, MessageType::kSeldonMessage, Encoding::kProto, kLimit).error().code(),
            Code::kInvalidArgument);
  Payload unknown = body("{}", "");
  unknown.set_content_encoding("br");
  EXPECT_EQ(convert(unknown, MessageType::kSeldonMessage, Encoding::kProto, kLimit).error().code(),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace infergraph::protocol
