#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace infergraph::engine::log {

/// What a field of a log line says: text, or a number or a truth value, which JSON has as one.
/// Borrows the text, for as long as the line is being written.
class Value {
 public:
  using Content = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  // NOLINTBEGIN(google-explicit-constructor): a field is written as {"key", value}
  Value(std::string_view text) : content_(text) {}
  Value(const std::string& text) : content_(std::string_view(text)) {}
  Value(const char* text) : content_(std::string_view(text)) {}
  Value(std::same_as<bool> auto truth) : content_(truth) {}
  /// Written with at most three decimals; what is no number as null.
  Value(std::floating_point auto number) : content_(static_cast<double>(number)) {}
  Value(std::signed_integral auto number) : content_(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral Number>
  requires(!std::same_as<Number, bool>) Value(Number number)
      : content_(static_cast<std::uint64_t>(number)) {}
  // NOLINTEND(google-explicit-constructor)

  const Content& content() const { return content_; }

 private:
  Content content_;
};

struct Field {
  std::string_view key;
  Value value;
};

/// The fields of a line: {{"node", name}, {"ms", 1.5}}, or any row of them.
class Fields : public std::span<const Field> {
 public:
  using Row = std::span<const Field>;

  // NOLINTBEGIN(google-explicit-constructor): likewise
  Fields() = default;
  Fields(std::initializer_list<Field> fields) : Row(fields.begin(), fields.size()) {}
  Fields(Row fields) : Row(fields) {}
  // NOLINTEND(google-explicit-constructor)
};

}  // namespace infergraph::engine::log
