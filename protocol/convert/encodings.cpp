// Between the encodings of the messages of protocol seldon: JSON and proto.
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/gzip.hpp"
#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/seldon/form_body.hpp"
#include "protocol/work.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {

namespace {

using google::protobuf::Descriptor;
using seldon::protos::SeldonMessage;

constexpr std::string_view kListBegin = "{\"seldonMessages\":";

const Descriptor& descriptor_of(MessageType type) {
  switch (type) {
    case MessageType::kSeldonMessageList:
      return *seldon::protos::SeldonMessageList::descriptor();
    case MessageType::kFeedback:
      return *seldon::protos::Feedback::descriptor();
    case MessageType::kModelMetadata:
      return *seldon::protos::SeldonModelMetadata::descriptor();
    case MessageType::kGraphMetadata:
      return *seldon::protos::SeldonGraphMetadata::descriptor();
    case MessageType::kSeldonMessage:
      break;
  }
  return *SeldonMessage::descriptor();
}

Result<std::string> to_json(std::string_view wire, MessageType type) {
  auto json = proto_to_json(wire, descriptor_of(type));
  if (!json || type != MessageType::kSeldonMessageList) return json;
  // {"seldonMessages":[…]}, or {} for none.
  if (!json->starts_with(kListBegin)) return std::string("[]");
  return json->substr(kListBegin.size(), json->size() - kListBegin.size() - 1);
}

Result<std::string> from_json(std::string_view text, MessageType type) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (type == MessageType::kSeldonMessageList && first != std::string_view::npos &&
      text[first] == '[') {
    // By itself, so that it can't reach out of its place in the object below.
    if (auto problem = json::check(text)) {
      return Status(Code::kInvalidArgument, *std::move(problem));
    }
    return json_to_proto(std::string(kListBegin).append(text) + '}', descriptor_of(type));
  }
  return json_to_proto(text, descriptor_of(type));
}

Result<std::string> from_form(const Payload& payload, MessageType type) {
  const auto form = read_form(payload.bytes(), payload.content_type());
  if (!form) return form.error();
  const auto json = type == MessageType::kSeldonMessage ? form_to_json(*form) : json_of_form(*form);
  if (!json) return json.error();
  return from_json(*json, type);
}

Result<std::string> from_text(std::string_view text) {
  if (!is_utf8(text)) return Status(Code::kInvalidArgument, "the text is not UTF-8");
  SeldonMessage message;
  message.set_strdata(std::string(text));
  return message.SerializeAsString();
}

Result<std::string> from_bytes(std::string_view bytes) {
  SeldonMessage message;
  message.set_bindata(std::string(bytes));
  return message.SerializeAsString();
}

// JSON under another name: curl's -d calls everything a form, and a component that returns a string
// answers text/html.
bool is_misnamed_json(const Payload& payload, std::string_view media) {
  const std::string_view bytes = payload.bytes();
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || bytes[first] != '{') return false;
  const bool is_form = media == "application/x-www-form-urlencoded";
  const bool is_answer = !payload.origin().empty() && media != "application/octet-stream";
  return (is_form || is_answer) && !json::check(bytes);
}

Result<std::string> to_proto(const Payload& payload, MessageType type) {
  const std::string media = media_type_of(payload.content_type());
  if (media.empty() || media.ends_with("/json") || media.ends_with("+json") ||
      is_misnamed_json(payload, media)) {
    return from_json(payload.bytes(), type);
  }
  const bool message = type == MessageType::kSeldonMessage;
  if (message || type == MessageType::kFeedback) {
    if (media == "multipart/form-data" || media == "application/x-www-form-urlencoded") {
      return from_form(payload, type);
    }
  }
  if (message && media.starts_with("text/")) return from_text(payload.bytes());
  if (message && media == "application/octet-stream") return from_bytes(payload.bytes());
  return Status(Code::kInvalidArgument,
                "a body of the type \"" + json::excerpt(media) + "\" is not read here");
}

Result<Payload> with_origin(Payload made, std::string_view origin) {
  made.set_origin(origin);
  return made;
}

}  // namespace

Result<Payload> convert(const Payload& payload, MessageType type, Encoding target,
                        std::size_t max_decoded) {
  if (payload.encoding() == target) return payload;
  const WorkScope scope(payload);
  if (target == Encoding::kJson) {
    auto json = to_json(payload.bytes(), type);
    if (!json) return why_ended(json.error());
    return with_origin(Payload::json(*std::move(json)), payload.origin());
  }
  const auto plain = decoded(payload, max_decoded);
  if (!plain) {
    // Who sent it is for the caller of this to know.
    const bool too_large = plain.error().code() == Code::kTooLarge;
    return Status(too_large ? Code::kTooLarge : Code::kInvalidArgument, plain.error().message());
  }
  auto wire = to_proto(*plain, type);
  if (!wire) return why_ended(wire.error());
  return with_origin(Payload::proto(*std::move(wire)), payload.origin());
}

}  // namespace infergraph::protocol
