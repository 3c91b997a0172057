#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "graph/json_tree.hpp"
#include "graph/problems.hpp"
#include "graph/spec.hpp"

namespace infergraph::graph {

/// The allowed texts of an enumeration, and what each stands for.
template <typename Enum>
using EnumNames = std::span<const std::pair<std::string_view, Enum>>;

/// Reads the members of one object by name. An absent one gives nothing; one of a wrong type is a
/// problem and gives nothing. Borrows: everything.
class Fields {
 public:
  /// `object` may be null, which reads as an object without members.
  Fields(const JsonValue* object, const Place& place, Problems& problems)
      : object_(object), place_(&place), problems_(&problems) {}

  const Place& place() const { return *place_; }
  Problems& problems() const { return *problems_; }
  void add_problem(std::string_view name, std::string message) const;

  /// Views live as long as the tree.
  std::string_view string(std::string_view name) const;
  /// A string, or the text of any other scalar.
  std::string_view scalar_text(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  /// 0 when absent or given as 0.
  std::uint16_t port(std::string_view name) const;
  /// A string of the allowed ones; an empty one counts as absent.
  template <typename Enum>
  std::optional<Enum> one_of(std::string_view name, EnumNames<Enum> names) const {
    const JsonValue* const value = member(name, protocol::json::Kind::kString);
    return value == nullptr ? std::nullopt : match(*value, Place(*place_, name), names);
  }
  const JsonValue* object(std::string_view name) const;
  const JsonValue* array(std::string_view name) const;
  /// An object whose members are all strings.
  Annotations strings(std::string_view name) const;

  /// The same for a value that was found already, such as an element of an array.
  template <typename Enum>
  std::optional<Enum> match(const JsonValue& value, const Place& place,
                            EnumNames<Enum> names) const {
    if (value.text.empty()) return std::nullopt;
    std::string allowed;
    for (const auto& [name, meaning] : names) {
      if (value.text == name) return meaning;
      allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    }
    problems_->add(place, quoted(value.text) + " is not one of " + allowed);
    return std::nullopt;
  }
  /// Whether `value` is of that kind; if not, that is a problem.
  bool expect(const JsonValue& value, const Place& place, protocol::json::Kind kind) const;

 private:
  const JsonValue* member(std::string_view name, protocol::json::Kind kind) const;

  const JsonValue* object_;
  const Place* place_;
  Problems* problems_;
};

}  // namespace infergraph::graph
