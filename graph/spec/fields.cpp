#include "graph/spec/fields.hpp"

#include <limits>

#include "graph/spec/text/yaml_scalar.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

bool is_number_or_bool(const JsonValue& value) {
  return value.kind == Kind::kNumber || value.kind == Kind::kBool;
}

// How to mend a value of the wrong kind, as the end of a sentence.
std::string way_out(const JsonValue& value, Kind wanted) {
  if (wanted == Kind::kString && is_number_or_bool(value)) {
    return ": put it in quotes, " + quoted(value.text);
  }
  const bool is_quoted_number =
      value.kind == Kind::kString && resolve_plain(value.text) == wanted && wanted != Kind::kNull;
  if (is_quoted_number) return ": take the quotes off, " + std::string(value.text.substr(0, 32));
  if (wanted == Kind::kArray && value.is_object()) return ": put \"- \" before its first key";
  if (wanted == Kind::kObject && value.is_array()) {
    return ": take the \"- \" or the brackets away";
  }
  return "";
}

}  // namespace

std::string not_one_of(std::string_view text, std::span<const std::string_view> allowed) {
  std::string message = quoted(text) + " is not one of ";
  for (const std::string_view name : allowed) {
    if (name != allowed.front()) message += ", ";
    message += name;
  }
  return message + did_you_mean(text, allowed);
}

void Fields::add_problem(std::string_view name, std::string message) const {
  findings_->problems.add(Place(*place_, name), std::move(message));
}

void Fields::warn(std::string_view name, std::string message) const {
  findings_->warnings.add(Place(*place_, name), std::move(message));
}

bool Fields::expect(const JsonValue& value, const Place& place, Kind kind) const {
  if (value.kind == kind) return true;
  std::string message(protocol::json::name_of(value.kind));
  message += ", but must be ";
  message += protocol::json::name_of(kind);
  findings_->problems.add(place, message + way_out(value, kind));
  return false;
}

const JsonValue* Fields::member(std::string_view name, Kind kind) const {
  const JsonValue* const value = find(name);
  if (value == nullptr || !expect(*value, Place(*place_, name), kind)) return nullptr;
  return value;
}

std::string_view Fields::string(std::string_view name) const {
  const JsonValue* const value = find(name);
  return value == nullptr ? std::string_view() : string_of(*value, Place(*place_, name));
}

std::string_view Fields::string_of(const JsonValue& value, const Place& place) const {
  if (value.kind == Kind::kString) return value.text;
  const auto text = is_number_or_bool(value) && !findings_->is_json
                        ? text_of_scalar(value.kind, value.text)
                        : std::nullopt;
  if (!text) {
    expect(value, place, Kind::kString);
    return {};
  }
  std::string message(protocol::json::name_of(value.kind));
  message += " where Kubernetes wants text" + way_out(value, Kind::kString);
  if (*text != value.text) message += "; as it is it reads " + quoted(*text);
  findings_->warnings.add(place, std::move(message));
  return findings_->texts.emplace_back(*text);
}

std::string_view Fields::any_text(std::string_view name) const {
  const JsonValue* const value = find(name);
  return value == nullptr ? std::string_view() : value->text;
}

std::optional<std::int64_t> Fields::integer(std::string_view name) const {
  const JsonValue* const value = member(name, Kind::kNumber);
  if (value == nullptr) return std::nullopt;
  const auto number = to_whole_number(value->text);
  if (!number) add_problem(name, std::string(value->text.substr(0, 32)) + " is not a whole number");
  return number;
}

std::optional<bool> Fields::boolean(std::string_view name) const {
  const JsonValue* const value = member(name, Kind::kBool);
  if (value == nullptr) return std::nullopt;
  return text_of_scalar(Kind::kBool, value->text) == "true";
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
    const bool is_text = value.kind == Kind::kString || is_number_or_bool(value);
    const std::string_view text = string_of(value, Place(place, value.key));
    if (is_text && text.data() != nullptr) {
      found.insert_or_assign(std::string(value.key), std::string(text));
    }
  }
  return found;
}

}  // namespace infergraph::graph
