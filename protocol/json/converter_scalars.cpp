// How the single values of JSON become fields.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/wire_format_lite.h>

#include <bit>
#include <cmath>
#include <memory>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/json/any_type.hpp"
#include "protocol/json/converter.hpp"
#include "protocol/json/number.hpp"
#include "protocol/json/proto_json.hpp"

namespace infergraph::protocol {

namespace {

using google::protobuf::Any;
using google::protobuf::Value;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;
using json::Kind;
using json::Path;

/// Finds the members of an Any that say what the others are.
class AnyReader final : public json::Visitor {
 public:
  bool enter(const Path& path, Kind) override { return path.depth() == 0; }
  void value(const Path& path, Kind kind, std::string_view text) override {
    if (path.depth() != 1) {
      return;
    }
    empty_ = false;
    if (path.is(0, "value")) value_ = text;
    if (path.is(0, "@type") && kind == Kind::kString) {
      type_url_ = json::read_string(text);
    }
  }
  bool empty_ = true;
  std::string_view value_;
  std::optional<std::string> type_url_;
};

template <typename T>
std::string_view name_of_kind() {
  return std::is_floating_point_v<T> ? "a number" : "an integer";
}

}  // namespace

// Null is the same as absent, where something may be absent.
void JsonConverter::write_null(const Slot& slot, const Path& path) {
  if (slot.element || slot.place == Place::kRoot) refuse(path, "null is not allowed here");
}

void JsonConverter::write_into_message(const Slot& slot, const Path& path, Kind kind,
                                       std::string_view text) {
  const auto known = slot.message->well_known_type();
  if (known == Descriptor::WELLKNOWNTYPE_UNSPECIFIED || known == Descriptor::WELLKNOWNTYPE_STRUCT) {
    return expected(path, "an object", kind);
  }
  if (known == Descriptor::WELLKNOWNTYPE_LISTVALUE) return expected(path, "an array", kind);
  if (known == Descriptor::WELLKNOWNTYPE_ANY) {
    if (kind != Kind::kObject) return expected(path, "an object", kind);
    return write_any(slot, path, text);
  }
  if (is_formatted_string(*slot.message)) return write_formatted(slot, path, kind, text);
  const std::size_t opened = open(slot, path);
  if (problem_) return;
  if (known == Descriptor::WELLKNOWNTYPE_VALUE) {
    write_value(path, kind, text);
  } else {
    write_scalar(*slot.message->field(0), true, path, kind, text);  // a wrapper's only field
  }
  if (!problem_) close(opened);
}

void JsonConverter::write_value(const Path& path, Kind kind, std::string_view text) {
  switch (kind) {
    case Kind::kNull:
      writer_.tag(Value::kNullValueFieldNumber, WireWriter::kVarint);
      return writer_.varint(0);
    case Kind::kBool:
      writer_.tag(Value::kBoolValueFieldNumber, WireWriter::kVarint);
      return writer_.varint(text == "true" ? 1 : 0);
    case Kind::kString:
      return write_string(Value::kStringValueFieldNumber, path, json::inside_quotes(text));
    default:
      break;
  }
  double number = 0;
  if (read_number(kind, text, number) != NumberFault::kNone || !std::isfinite(number)) {
    return refuse(path, json::excerpt(text) + " is no JSON number, and a Value holds no other");
  }
  writer_.tag(Value::kNumberValueFieldNumber, WireWriter::kFixed64);
  writer_.fixed64(std::bit_cast<std::uint64_t>(number));
}

void JsonConverter::write_any(const Slot& slot, const Path& path, std::string_view text) {
  if (any_depth_ >= kMaxAnyDepth) {
    return refuse(path, "more than " + std::to_string(kMaxAnyDepth) + " Any inside one another");
  }
  AnyReader any;
  (void)json::visit(text, any);  // well-formed, as a part of what is being read
  const std::size_t opened = open(slot, path);
  if (problem_) return;
  if (any.empty_) return close(opened);
  if (!any.type_url_) return refuse(path, "there is no @type, which an Any needs");
  const Descriptor* const type = find_any_type(*any.type_url_);
  if (type == nullptr)
    return refuse(path, "the @type \"" + json::excerpt(*any.type_url_) + "\" is not known");
  if (!is_utf8(*any.type_url_)) return refuse(path, "the @type is not UTF-8");

  std::string where = place_of(path);
  std::string_view inner = text;
  if (has_own_json(*type)) {
    if (any.value_.empty()) return refuse(path, "there is no value, which this @type needs");
    inner = any.value_;
    where += where.empty() ? "value" : ".value";
  }
  auto wire = convert(inner, *type, where, any_depth_ + 1);
  if (!wire) {
    problem_ = wire.error().message();
    return;
  }
  writer_.field(Any::kTypeUrlFieldNumber, *any.type_url_);
  writer_.field(Any::kValueFieldNumber, *wire);
  close(opened);
}

void JsonConverter::write_formatted(const Slot& slot, const Path& path, Kind kind,
                                    std::string_view text) {
  if (kind != Kind::kString) return expected(path, "a string", kind);
  const auto* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(slot.message);
  const std::unique_ptr<google::protobuf::Message> message(prototype->New());
  const std::unique_ptr<google::protobuf::Message> again(prototype->New());
  std::string written;
  // Some of what is read as a FieldMask would be another one when it is written and read again.
  const bool good = JsonStringToMessage(std::string(text), message.get()).ok() &&
                    MessageToJsonString(*message, &written).ok() &&
                    JsonStringToMessage(written, again.get()).ok() &&
                    message->SerializeAsString() == again->SerializeAsString();
  if (!good) return refuse(path, json::excerpt(text) + " is no " + slot.message->full_name());
  const std::size_t opened = open(slot, path);
  if (problem_) return;
  message->AppendToString(&writer_.bytes());
  close(opened);
}

template <typename T>
bool JsonConverter::read(const Path& path, Kind kind, std::string_view text, T& value) {
  switch (read_number(kind, text, value)) {
    case NumberFault::kNone:
      return true;
    case NumberFault::kOutOfRange:
      refuse(path, json::excerpt(text) + " is out of the field's range");
      return false;
    case NumberFault::kNoInteger:
      refuse(path, "expected an integer but found " + json::excerpt(text));
      return false;
    case NumberFault::kNoNumber:
      expected(path, name_of_kind<T>(), kind);
      return false;
  }
  return false;
}

template <typename T, typename Encode>
void JsonConverter::write_number(const Field& field, const Path& path, Kind kind,
                                 std::string_view text, Encode encode) {
  T value{};
  if (!read(path, kind, text, value)) return;
  const auto bits = encode(value);
  if (field.tagged) writer_.tag(field.number, field.wire_type);
  if (field.wire_type == WireWriter::kVarint) return writer_.varint(bits);
  if constexpr (sizeof(bits) == sizeof(std::uint32_t)) {
    writer_.fixed32(bits);
  } else {
    writer_.fixed64(bits);
  }
}

void JsonConverter::write_scalar(const FieldDescriptor& descriptor, bool tagged, const Path& path,
                                 Kind kind, std::string_view text) {
  const auto type = static_cast<WireFormatLite::FieldType>(descriptor.type());
  const Field field{descriptor.number(), WireFormatLite::WireTypeForFieldType(type), tagged};
  const auto as_is = [](auto value) { return value; };
  const auto widened = [](auto value) { return static_cast<std::uint64_t>(std::int64_t{value}); };
  const auto as_bits32 = [](auto value) { return std::bit_cast<std::uint32_t>(value); };
  const auto as_bits64 = [](auto value) { return std::bit_cast<std::uint64_t>(value); };
  switch (descriptor.type()) {
    case FieldDescriptor::TYPE_DOUBLE:
      return write_number<double>(field, path, kind, text, as_bits64);
    case FieldDescriptor::TYPE_FLOAT:
      return write_number<float>(field, path, kind, text, as_bits32);
    case FieldDescriptor::TYPE_INT32:
      return write_number<std::int32_t>(field, path, kind, text, widened);
    case FieldDescriptor::TYPE_INT64:
      return write_number<std::int64_t>(field, path, kind, text, widened);
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_FIXED32:
      return write_number<std::uint32_t>(field, path, kind, text, as_is);
    case FieldDescriptor::TYPE_UINT64:
    case FieldDescriptor::TYPE_FIXED64:
      return write_number<std::uint64_t>(field, path, kind, text, as_is);
    case FieldDescriptor::TYPE_SFIXED32:
      return write_number<std::int32_t>(field, path, kind, text, as_bits32);
    case FieldDescriptor::TYPE_SFIXED64:
      return write_number<std::int64_t>(field, path, kind, text, as_bits64);
    case FieldDescriptor::TYPE_SINT32:
      return write_number<std::int32_t>(field, path, kind, text, WireFormatLite::ZigZagEncode32);
    case FieldDescriptor::TYPE_SINT64:
      return write_number<std::int64_t>(field, path, kind, text, WireFormatLite::ZigZagEncode64);
    case FieldDescriptor::TYPE_BOOL:
      if (kind != Kind::kBool) return expected(path, "a boolean", kind);
      if (tagged) writer_.tag(field.number, field.wire_type);
      return writer_.varint(text == "true" ? 1 : 0);
    case FieldDescriptor::TYPE_ENUM:
      return write_enum(descriptor, field, path, kind, text);
    case FieldDescriptor::TYPE_STRING:
      if (kind != Kind::kString) return expected(path, "a string", kind);
      return write_string(field.number, path, json::inside_quotes(text));
    case FieldDescriptor::TYPE_BYTES:
      if (kind != Kind::kString) return expected(path, "a string of base64", kind);
      return write_bytes(field.number, path, json::inside_quotes(text));
    default:
      return refuse(path, "a field of this type is not converted");
  }
}

void JsonConverter::write_enum(const FieldDescriptor& descriptor, const Field& field,
                               const Path& path, Kind kind, std::string_view text) {
  if (kind != Kind::kString) {
    if (kind != Kind::kNumber) return expected(path, "a name or a number", kind);
    return write_number<std::int32_t>(field, path, kind, text, [](std::int32_t value) {
      return static_cast<std::uint64_t>(std::int64_t{value});
    });
  }
  const auto* const value =
      descriptor.enum_type()->FindValueByName(std::string(json::inside_quotes(text)));
  if (value == nullptr) {
    return refuse(path, json::excerpt(text) + " is no " + descriptor.enum_type()->full_name());
  }
  if (field.tagged) writer_.tag(field.number, field.wire_type);
  writer_.varint(static_cast<std::uint64_t>(std::int64_t{value->number()}));
}

void JsonConverter::write_string(int number, const Path& path, std::string_view escaped) {
  if (!is_utf8(escaped)) return refuse(path, "the text is not UTF-8");
  if (escaped.find('\\') == std::string_view::npos) return writer_.field(number, escaped);
  writer_.field(number, json::unescaped(escaped));
}

void JsonConverter::write_bytes(int number, const Path& path, std::string_view escaped) {
  // Some writers escape the slash.
  std::string unescaped;
  if (escaped.find('\\') != std::string_view::npos) {
    unescaped = json::unescaped(escaped);
    escaped = unescaped;
  }
  writer_.open(number);
  if (!append_decoded_base64(writer_.bytes(), escaped)) {
    return refuse(path, "expected base64 but found another string");
  }
  writer_.close();
}

}  // namespace infergraph::protocol
