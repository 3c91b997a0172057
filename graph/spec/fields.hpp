#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/nearest_name.hpp"
#include "graph/spec/spec.hpp"
#include "graph/spec/text/json_tree.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// The allowed texts of an enumeration, and what each stands for.
template <typename Enum>
using EnumNames = std::span<const std::pair<std::string_view, Enum>>;

/// "\"MODLE\" is not one of MODEL, ROUTER; did you mean \"MODEL\"?"
std::string not_one_of(std::string_view text, std::span<const std::string_view> allowed);

/// Reads the members of one object by name. An absent one gives nothing; one of a wrong type is a
/// problem and gives nothing, but a number or a boolean is a text with a warning, unless the file
/// is JSON for Go's decoder. Borrows: everything.
class Fields {
 public:
  /// `object` may be null, which reads as an object without members.
  Fields(const JsonValue* object, const Place& place, Findings& findings)
      : object_(object), place_(&place), findings_(&findings) {}

  const Place& place() const { return *place_; }
  Findings& findings() const { return *findings_; }
  const JsonValue* value() const { return object_; }
  void add_problem(std::string_view name, std::string message) const;
  void warn(std::string_view name, std::string message) const;

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Views live as long as the tree and the findings.
  std::string_view string(std::string_view name) const;
  /// The text of any scalar, unseen: of what isn't ours to judge.
  std::string_view any_text(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name) const;
  /// 0 when absent or given as 0.
  std::uint16_t port(std::string_view name) const;
  /// A string of the allowed ones; an empty one counts as absent.
  template <typename Enum>
  std::optional<Enum> one_of(std::string_view name, EnumNames<Enum> names) const {
    return match(string(name), Place(*place_, name), names);
  }
  const JsonValue* object(std::string_view name) const;
  const JsonValue* array(std::string_view name) const;
  /// An object whose members are all strings.
  Annotations strings(std::string_view name) const;

  /// The same for a value that was found already, such as an element of an array.
  std::string_view string_of(const JsonValue& value, const Place& place) const;
  template <typename Enum>
  std::optional<Enum> match(std::string_view text, const Place& place,
                            EnumNames<Enum> names) const {
    if (text.empty()) return std::nullopt;
    std::vector<std::string_view> allowed;
    for (const auto& [name, meaning] : names) {
      if (text == name) return meaning;
      allowed.push_back(name);
    }
    findings_->problems.add(place, [&] { return not_one_of(text, allowed); });
    return std::nullopt;
  }
  /// Whether `value` is of that kind; if not, that is a problem.
  bool expect(const JsonValue& value, const Place& place, protocol::json::Kind kind) const;

 private:
  const JsonValue* find(std::string_view name) const {
    return object_ == nullptr ? nullptr : object_->member(name);
  }
  const JsonValue* member(std::string_view name, protocol::json::Kind kind) const;

  const JsonValue* object_;
  const Place* place_;
  Findings* findings_;
};

/// Calls `see` with the fields of every object in an array.
template <typename See>
void each_object(const Fields& parent, std::string_view name, See see) {
  const JsonValue* const array = parent.array(name);
  if (array == nullptr) return;
  const Place place(parent.place(), name);
  std::size_t index = 0;
  for (const JsonValue& element : array->children()) {
    const Place here(place, index++);
    if (!parent.expect(element, here, protocol::json::Kind::kObject)) continue;
    see(Fields(&element, here, parent.findings()));
  }
}

}  // namespace infergraph::graph
