// How the well-known types are written.
#include <google/protobuf/any.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "protocol/json/any_type.hpp"
#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/json/proto_printer.hpp"
#include "protocol/wire/parse.hpp"

namespace infergraph::protocol {

using google::protobuf::Any;
using google::protobuf::Descriptor;
using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

bool ProtoPrinter::message(const Message& message) {
  const Descriptor& type = *message.GetDescriptor();
  // Our messages are generated ones, so that each of these is of its own class.
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return object(message);
    case Descriptor::WELLKNOWNTYPE_VALUE:
      return value(static_cast<const Value&>(message));
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
      return list_value(static_cast<const ListValue&>(message));
    case Descriptor::WELLKNOWNTYPE_STRUCT:
      return struct_value(static_cast<const Struct&>(message));
    case Descriptor::WELLKNOWNTYPE_ANY:
      return any(message);
    default:
      break;
  }
  if (is_formatted_string(type)) return formatted(message);
  return single(message, *type.field(0));  // a wrapper's only field
}

bool ProtoPrinter::value(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      if (!std::isfinite(value.number_value())) {
        return fail("JSON has no number for NaN and infinity, and a Value holds no other");
      }
      json::append_double(out_, value.number_value());
      return true;
    case Value::kStringValue:
      json::append_string(out_, value.string_value());
      return true;
    case Value::kBoolValue:
      number(value.bool_value());
      return true;
    case Value::kStructValue:
      return struct_value(value.struct_value());
    case Value::kListValue:
      return list_value(value.list_value());
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  out_ += "null";
  return true;
}

bool ProtoPrinter::list_value(const ListValue& list) {
  out_ += '[';
  for (int i = 0; i < list.values_size(); ++i) {
    if (i > 0) out_ += ',';
    if (!value(list.values(i))) return fail_at('[' + std::to_string(i) + ']');
  }
  out_ += ']';
  return true;
}

bool ProtoPrinter::struct_value(const Struct& object) {
  std::vector<const google::protobuf::Map<std::string, Value>::value_type*> entries;
  entries.reserve(object.fields().size());
  for (const auto& entry : object.fields()) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(),
            [](const auto* left, const auto* right) { return left->first < right->first; });
  out_ += '{';
  bool first = true;
  for (const auto* const entry : entries) {
    if (!std::exchange(first, false)) out_ += ',';
    json::append_string(out_, entry->first);
    out_ += ':';
    if (!value(entry->second)) return fail_at('.' + entry->first);
  }
  out_ += '}';
  return true;
}

bool ProtoPrinter::any(const Message& message) {
  const auto& any = static_cast<const Any&>(message);
  if (any.type_url().empty() && any.value().empty()) {
    out_ += "{}";
    return true;
  }
  if (any_depth_ >= kMaxAnyDepth) {
    return fail("more than " + std::to_string(kMaxAnyDepth) + " Any inside one another");
  }
  const Descriptor* const type = find_any_type(any.type_url());
  if (type == nullptr)
    return fail("the @type \"" + json::excerpt(any.type_url()) + "\" is not known");
  Message* const inner =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New(&arena_);
  if (!parse(any.value(), *inner)) return fail("not a well-formed " + type->full_name());

  out_ += "{\"@type\":";
  json::append_string(out_, any.type_url());
  ++any_depth_;
  bool written = false;
  if (has_own_json(*type)) {
    out_ += ",\"value\":";
    written = this->message(*inner) || fail_at(".value");
  } else {
    written = members(*inner, false);
  }
  --any_depth_;
  out_ += '}';
  return written;
}

bool ProtoPrinter::formatted(const Message& message) {
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text).ok()) {
    return fail("not a valid " + message.GetDescriptor()->full_name());
  }
  out_ += text;
  return true;
}

}  // namespace infergraph::protocol
