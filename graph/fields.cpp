#include "graph/fields.hpp"

#include <charconv>
#include <limits>
#include <system_error>

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

/// A whole number as JSON or YAML's core schema writes one.
std::optional<std::int64_t> to_integer(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) {
    text.remove_prefix(2);
  } else if (text.starts_with('+')) {
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

void Fields::add_problem(std::string_view name, std::string message) const {
  problems_->add(Place(*place_, name), std::move(message));
}

bool Fields::expect(const JsonValue& value, const Place& place, Kind kind) const {
  if (value.kind == kind) return true;
  std::string message(protocol::json::name_of(value.kind));
  message += ", but must be ";
  message += protocol::json::name_of(kind);
  if (kind == Kind::kString && (value.kind == Kind::kNumber || value.kind == Kind::kBool)) {
    message += ": " + quoted(value.text);
  }
  problems_->add(place, std::move(message));
  return false;
}

const JsonValue* Fields::member(std::string_view name, Kind kind) const {
  const JsonValue* const value = object_ == nullptr ? nullptr : object_->member(name);
  if (value == nullptr || !expect(*value, Place(*place_, name), kind)) return nullptr;
  return value;
}

std::string_view Fields::string(std::string_view name) const {
  const JsonValue* const value = member(name, Kind::kString);
  return value == nullptr ? std::string_view() : value->text;
}

std::string_view Fields::scalar_text(std::string_view name) const {
  const JsonValue* const value = object_ == nullptr ? nullptr : object_->member(name);
  if (value == nullptr) return {};
  if (value->is_object() || value->is_array()) expect(*value, Place(*place_, name), Kind::kString);
  return value->text;
}

std::optional<std::int64_t> Fields::integer(std::string_view name) const {
  const JsonValue* const value = member(name, Kind::kNumber);
  if (value == nullptr) return std::nullopt;
  const auto number = to_integer(value->text);
  if (!number) add_problem(name, std::string(value->text.substr(0, 32)) + " is not a whole number");
  return number;
}

std::uint16_t Fields::port(std::string_view name) const {
  const auto number = integer(name);
  if (!number) return 0;
  if (*number < 0 || *number > std::numeric_limits<std::uint16_t>::max()) {
    add_problem(name, std::to_string(*number) + " is not a port (1 to 65535)");
    return 0;
  }
  return static_cast<std::uint16_t>(*number);
}

const JsonValue* Fields::object(std::string_view name) const { return member(name, Kind::kObject); }

const JsonValue* Fields::array(std::string_view name) const { return member(name, Kind::kArray); }

Annotations Fields::strings(std::string_view name) const {
  Annotations found;
  const JsonValue* const map = object(name);
  if (map == nullptr) return found;
  const Place place(*place_, name);
  for (const JsonValue& value : map->children()) {
    if (value.key.data() == nullptr || value.kind == Kind::kNull) continue;
    if (!expect(value, Place(place, value.key), Kind::kString)) continue;
    found.insert_or_assign(std::string(value.key), std::string(value.text));
  }
  return found;
}

}  // namespace infergraph::graph
