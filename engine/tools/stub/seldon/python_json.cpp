#include "engine/tools/stub/seldon/python_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/utf8.hpp"

namespace infergraph::engine {

using rapidjson::Value;

namespace {

constexpr std::size_t kMaxRepr = 400;

std::string_view text_of(const Value& string) {
  return {string.GetString(), string.GetStringLength()};
}

/// The code point at the front of well-formed UTF-8, which is taken away.
std::uint32_t take_code_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length && i < text.size(); ++i) {
    point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  text.remove_prefix(std::min(length, text.size()));
  return point;
}

void append_escaped(std::string& out, std::uint32_t unit) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(unit >> shift) & 0xFU];
}

void append_number(std::string& out, const Value& value) {
  if (value.IsInt64()) {
    out += std::to_string(value.GetInt64());
  } else if (value.IsUint64()) {
    out += std::to_string(value.GetUint64());
  } else {
    append_python_float(out, value.GetDouble());
  }
}

std::string shortened(std::string_view text) {
  if (text.size() <= kMaxRepr) return std::string(text);
  std::size_t end = kMaxRepr;
  while (end > 0 && continues_character(text[end])) --end;
  return std::string(text.substr(0, end)) + "...";
}

void append_repr(std::string& out, const Value& value) {  // NOLINT(misc-no-recursion)
  if (out.size() > kMaxRepr) return;
  if (value.IsString()) {
    const std::string_view text = text_of(value);
    const char quote =
        text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos
            ? '"'
            : '\'';
    out += quote;
    for (const char c : text.substr(0, kMaxRepr)) {
      if (c == quote || c == '\\') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += quote;
  } else if (value.IsArray()) {
    out += '[';
    for (rapidjson::SizeType i = 0; i < value.Size() && out.size() <= kMaxRepr; ++i) {
      if (i > 0) out += ", ";
      append_repr(out, value[i]);
    }
    out += ']';
  } else if (value.IsObject()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.GetObject()) {
      if (out.size() > kMaxRepr) break;
      if (!first) out += ", ";
      first = false;
      append_repr(out, key);
      out += ": ";
      append_repr(out, member);
    }
    out += '}';
  } else {
    append_python_text(out, value);
  }
}

}  // namespace

const Value* last_member(const Value& object, std::string_view name) {
  if (!object.IsObject()) return nullptr;
  for (auto member = object.MemberEnd(); member != object.MemberBegin();) {
    --member;
    if (text_of(member->name) == name) return &member->value;
  }
  return nullptr;
}

bool is_truthy(const Value& value) {
  if (value.IsString()) return value.GetStringLength() > 0;
  if (value.IsArray()) return !value.Empty();
  if (value.IsObject()) return value.MemberCount() > 0;
  if (value.IsNumber()) return value.GetDouble() != 0;
  return value.IsTrue();
}

std::string_view python_type(const Value& value) {
  if (value.IsDouble()) return "float";
  static constexpr std::array<std::string_view, 7> kNames = {"NoneType", "bool", "bool", "dict",
                                                             "list",     "str",  "int"};
  return kNames[static_cast<std::size_t>(value.GetType())];
}

std::string python_repr(const Value& value) {
  std::string made;
  append_repr(made, value);
  return shortened(made);
}

std::string python_str(const Value& value) {
  return value.IsString() ? shortened(text_of(value)) : python_repr(value);
}

void append_python_text(std::string& out, const Value& value) {
  if (value.IsString()) {
    out += text_of(value);
  } else if (value.IsNumber()) {
    append_number(out, value);
  } else {
    out += value.IsNull() ? "None" : value.IsTrue() ? "True" : "False";
  }
}

void append_python_float(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  const double size = std::abs(value);
  const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e16);
  std::array<char, 64> text;
  const auto printed =
      std::to_chars(text.data(), text.data() + text.size(), value,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific);
  const std::string_view made(text.data(), static_cast<std::size_t>(printed.ptr - text.data()));
  out += made;
  if (is_plain && made.find('.') == std::string_view::npos) out += ".0";
}

void append_flask_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::uint32_t point = take_code_point(text);
    switch (point) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (point >= 0x20 && point < 0x7F) {
          out += static_cast<char>(point);
        } else if (point < 0x10000) {
          append_escaped(out, point);
        } else {
          append_escaped(out, 0xD800 + ((point - 0x10000) >> 10U));
          append_escaped(out, 0xDC00 + ((point - 0x10000) & 0x3FFU));
        }
    }
  }
  out += '"';
}

void append_flask_json(std::string& out, const Value& value) {  // NOLINT(misc-no-recursion)
  if (value.IsString()) {
    append_flask_string(out, text_of(value));
  } else if (value.IsNumber()) {
    append_number(out, value);
  } else if (value.IsArray()) {
    out += '[';
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
      if (i > 0) out += ',';
      append_flask_json(out, value[i]);
    }
    out += ']';
  } else if (value.IsObject()) {
    std::vector<Value::ConstMemberIterator> members;
    for (auto at = value.MemberBegin(); at != value.MemberEnd(); ++at) members.push_back(at);
    std::stable_sort(members.begin(), members.end(), [](const auto& left, const auto& right) {
      return text_of(left->name) < text_of(right->name);
    });
    out += '{';
    bool first = true;
    for (std::size_t i = 0; i < members.size(); ++i) {
      // Of a key that is there twice the last one counts.
      const std::string_view key = text_of(members[i]->name);
      if (i + 1 < members.size() && text_of(members[i + 1]->name) == key) continue;
      if (!first) out += ',';
      first = false;
      append_flask_string(out, key);
      out += ':';
      append_flask_json(out, members[i]->value);
    }
    out += '}';
  } else {
    out += value.IsNull() ? "null" : value.IsTrue() ? "true" : "false";
  }
}

}  // namespace infergraph::engine
