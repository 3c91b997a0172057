#include "engine/tools/stub/tfserving/value.hpp"

#include <rapidjson/error/en.h>

#include <algorithm>
#include <array>

#include "engine/tools/stub/tfserving/json.hpp"

namespace infergraph::engine {

using protocol::GrpcStatus;
using rapidjson::Value;

namespace {

constexpr int kMaxIndented = 8;

/// Whether it is nested at most `levels` deep.
bool is_shallow(const Value& value, int levels) {  // NOLINT(misc-no-recursion)
  if (!value.IsArray() && !value.IsObject()) return true;
  if (levels == 0) return false;
  if (value.IsArray()) {
    return std::all_of(value.Begin(), value.End(),
                       [&](const Value& element) { return is_shallow(element, levels - 1); });
  }
  return std::all_of(value.MemberBegin(), value.MemberEnd(),
                     [&](const auto& member) { return is_shallow(member.value, levels - 1); });
}

}  // namespace

GrpcStatus wrong_json(std::string message) {
  return {protocol::GrpcCode::kInvalidArgument, std::move(message), ""};
}

std::string_view text_of(const Value& string) {
  return {string.GetString(), string.GetStringLength()};
}

std::string_view type_of(const Value& value) {
  static constexpr std::array<std::string_view, 7> kNames = {"Null",  "False",  "True",  "Object",
                                                             "Array", "String", "Number"};
  return kNames[static_cast<std::size_t>(value.GetType())];
}

std::string json_of(const Value& value) {
  if (value.IsDouble()) return tf_float_text(static_cast<float>(value.GetDouble()));
  rapidjson::StringBuffer buffer;
  PrettyWriter writer(buffer);
  // Each line of what is nested deep begins with as many spaces: then the text would be hundreds of
  // times as long as the message.
  if (!is_shallow(value, kMaxIndented)) writer.SetIndent(' ', 0);
  value.Accept(writer);
  constexpr std::size_t kMaxTold = 4096;
  return {buffer.GetString(), std::min(buffer.GetSize(), kMaxTold)};
}

GrpcStatus wrong_value(const Value& value, std::string_view why) {
  return wrong_json("JSON Value: " + json_of(value) + " " + std::string(why));
}

const Value* member_of(const Value& object, std::string_view name) {
  const auto found =
      object.FindMember(Value(name.data(), static_cast<rapidjson::SizeType>(name.size())));
  return found == object.MemberEnd() ? nullptr : &found->value;
}

Served<void> parse_object(std::string_view json, rapidjson::Document& document) {
  if (json.empty()) return wrong_json("JSON Parse error: The document is empty");
  if (!parse_json(json, document, JsonDialect::kPython)) {
    if (!document.HasParseError()) return wrong_json("JSON Parse error: nested too deep");
    return wrong_json(std::string("JSON Parse error: ") +
                      rapidjson::GetParseError_En(document.GetParseError()) +
                      " at offset: " + std::to_string(document.GetErrorOffset()));
  }
  if (!document.IsObject()) return wrong_value(document, "Is not object");
  return {};
}

Served<void> read_signature(const rapidjson::Document& document, tfs::ModelSpec& spec) {
  const Value* name = member_of(document, "signature_name");
  if (name == nullptr) return {};
  if (!name->IsString()) {
    return wrong_value(document,
                       "not formatted correctly. 'signature_name' key must be a string value.");
  }
  spec.set_signature_name(std::string(text_of(*name)));
  return {};
}

bool is_base64(const Value& value) {
  if (!value.IsObject() || value.MemberCount() != 1) return false;
  const Value* text = member_of(value, "b64");
  return text != nullptr && text->IsString();
}

}  // namespace infergraph::engine
