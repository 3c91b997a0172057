#include "protocol/json/proto_printer.hpp"

#include <google/protobuf/reflection.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/append_number.hpp"
#include "base/base64.hpp"
#include "protocol/json/any_type.hpp"
#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/wire/parse.hpp"

namespace infergraph::protocol {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

// What NaN or an infinity is called; nothing for a number.
template <typename Real>
std::string_view name_of_non_finite(Real value) {
  if (std::isfinite(value)) return {};
  if (std::isnan(value)) return "\"NaN\"";
  return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

}  // namespace

Result<std::string> ProtoPrinter::print(const Message& message) && {
  if (this->message(message)) return std::move(out_);
  if (path_.starts_with('.')) path_.erase(0, 1);
  constexpr std::size_t kMost = 200;  // bytes that tell the caller enough
  path_ = json::excerpt(path_, kMost);
  if (!path_.empty()) path_ += ": ";
  return Status(Code::kInvalidArgument, path_ + problem_);
}

bool ProtoPrinter::fail(std::string why) {
  problem_ = std::move(why);
  return false;
}

bool ProtoPrinter::fail_at(std::string_view step) {
  path_.insert(0, step);
  return false;
}

bool ProtoPrinter::object(const Message& message) {
  out_ += '{';
  const bool written = members(message, true);
  out_ += '}';
  return written;
}

bool ProtoPrinter::members(const Message& message, bool first) {
  std::vector<const FieldDescriptor*> present;
  message.GetReflection()->ListFields(message, &present);
  for (const FieldDescriptor* const one : present) {
    if (one->is_extension()) continue;
    out_ += std::exchange(first, false) ? "\"" : ",\"";
    out_ += one->json_name();
    out_ += "\":";
    if (!field(message, *one)) return fail_at('.' + one->json_name());
  }
  return true;
}

bool ProtoPrinter::field(const Message& message, const FieldDescriptor& field) {
  if (field.is_map()) return map(message, field);
  return field.is_repeated() ? list(message, field) : single(message, field);
}

bool ProtoPrinter::single(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return this->message(reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      number(reflection.GetDouble(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      number(reflection.GetFloat(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      number(reflection.GetInt32(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      number(reflection.GetUInt32(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      number(reflection.GetInt64(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      number(reflection.GetUInt64(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      number(reflection.GetBool(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      enumerator(field, reflection.GetEnumValue(message, &field));
      break;
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string buffer;
      const std::string& text = reflection.GetStringReference(message, &field, &buffer);
      if (field.type() == FieldDescriptor::TYPE_BYTES) {
        bytes(text);
      } else {
        json::append_string(out_, text);
      }
      break;
    }
  }
  return true;
}

template <typename T>
bool ProtoPrinter::numbers(const Message& message, const FieldDescriptor& field) {
  bool first = true;
  for (const T value : message.GetReflection()->GetRepeatedFieldRef<T>(message, &field)) {
    if (!std::exchange(first, false)) out_ += ',';
    number(value);
  }
  return true;
}

bool ProtoPrinter::messages(const Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) out_ += ',';
    if (!this->message(reflection.GetRepeatedMessage(message, &field, i))) {
      return fail_at('[' + std::to_string(i) + ']');
    }
  }
  return true;
}

bool ProtoPrinter::list(const Message& message, const FieldDescriptor& field) {
  out_ += '[';
  bool written = true;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      written = messages(message, field);
      break;
    case FieldDescriptor::CPPTYPE_DOUBLE:
      written = numbers<double>(message, field);
      break;
    case FieldDescriptor::CPPTYPE_FLOAT:
      written = numbers<float>(message, field);
      break;
    case FieldDescriptor::CPPTYPE_INT32:
      written = numbers<std::int32_t>(message, field);
      break;
    case FieldDescriptor::CPPTYPE_UINT32:
      written = numbers<std::uint32_t>(message, field);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      written = numbers<std::int64_t>(message, field);
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      written = numbers<std::uint64_t>(message, field);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      written = numbers<bool>(message, field);
      break;
    default: {
      const auto& reflection = *message.GetReflection();
      const int size = reflection.FieldSize(message, &field);
      std::string buffer;
      for (int i = 0; i < size; ++i) {
        if (i > 0) out_ += ',';
        if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
          enumerator(field, reflection.GetRepeatedEnumValue(message, &field, i));
          continue;
        }
        const auto& text = reflection.GetRepeatedStringReference(message, &field, i, &buffer);
        if (field.type() == FieldDescriptor::TYPE_BYTES) {
          bytes(text);
        } else {
          json::append_string(out_, text);
        }
      }
    }
  }
  out_ += ']';
  return written;
}

bool ProtoPrinter::map(const Message& message, const FieldDescriptor& field) {
  const FieldDescriptor& key_field = *field.message_type()->map_key();
  const FieldDescriptor& value_field = *field.message_type()->map_value();
  const auto& reflection = *message.GetReflection();
  const int size = reflection.FieldSize(message, &field);
  // A map has no order of its own; an answer should not change from one time to the next.
  std::vector<std::pair<std::string, const Message*>> entries;
  entries.reserve(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) {
    const Message& entry = reflection.GetRepeatedMessage(message, &field, i);
    std::string key = std::exchange(out_, {});
    single(entry, key_field);
    key.swap(out_);
    if (!key.starts_with('"')) key.insert(0, 1, '"').push_back('"');
    entries.emplace_back(std::move(key), &entry);
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  out_ += '{';
  bool first = true;
  for (const auto& [key, entry] : entries) {
    if (!std::exchange(first, false)) out_ += ',';
    out_.append(key) += ':';
    if (!single(*entry, value_field))
      return fail_at(std::string(".").append(json::inside_quotes(key)));
  }
  out_ += '}';
  return true;
}

void ProtoPrinter::number(double value) {
  const std::string_view name = name_of_non_finite(value);
  if (!name.empty()) {
    out_ += name;
  } else {
    json::append_double(out_, value);
  }
}

void ProtoPrinter::number(float value) {
  const std::string_view name = name_of_non_finite(value);
  if (!name.empty()) {
    out_ += name;
  } else {
    json::append_float(out_, value);
  }
}

void ProtoPrinter::number(std::int32_t value) { append_number(out_, value); }
void ProtoPrinter::number(std::uint32_t value) { append_number(out_, value); }

// As strings, because many readers of JSON keep numbers in a double.
void ProtoPrinter::number(std::int64_t value) {
  out_ += '"';
  append_number(out_, value);
  out_ += '"';
}
void ProtoPrinter::number(std::uint64_t value) {
  out_ += '"';
  append_number(out_, value);
  out_ += '"';
}

void ProtoPrinter::number(bool value) { out_ += value ? "true" : "false"; }

void ProtoPrinter::enumerator(const FieldDescriptor& field, int number) {
  const auto* const value = field.enum_type()->FindValueByNumber(number);
  if (value == nullptr) return this->number(std::int32_t{number});
  out_.append("\"").append(value->name()) += '"';
}

void ProtoPrinter::bytes(std::string_view value) {
  out_ += '"';
  append_base64(out_, value);
  out_ += '"';
}

Result<std::string> proto_to_json(std::string_view wire, const Descriptor& type) {
  const Message* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  if (prototype == nullptr) return Status(Code::kInternal, type.full_name() + " is not generated");
  google::protobuf::ArenaOptions options;
  options.max_block_size = std::size_t{256} << 10U;  // a large message in few blocks
  google::protobuf::Arena arena(options);
  Message* const message = prototype->New(&arena);
  if (!parse(wire, *message)) {
    return Status(Code::kInvalidArgument,
                  is_too_deep(wire, *prototype)
                      ? "the message nests deeper than protobuf reads"
                      : "the message is not a well-formed " + type.full_name());
  }
  constexpr std::size_t kDigits = 20;  // of a double, in place of its eight bytes
  return ProtoPrinter(arena, wire.size() / sizeof(double) * kDigits).print(*message);
}

}  // namespace infergraph::protocol
