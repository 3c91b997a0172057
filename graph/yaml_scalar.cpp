// The core schema of YAML 1.2, chapter 10.3.2: what a plain scalar stands for.
#include <algorithm>
#include <array>

#include "graph/yaml_tree.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

constexpr std::string_view kDigits = "0123456789";

template <std::size_t N>
bool is_any_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

/// Takes the leading characters that are in `set`; whether there were any.
bool skip(std::string_view& text, std::string_view set) {
  const std::size_t end = std::min(text.find_first_not_of(set), text.size());
  text.remove_prefix(end);
  return end > 0;
}

bool skip_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
  text.remove_prefix(1);
  return true;
}

bool is_decimal(std::string_view text) {
  const bool whole = skip(text, kDigits);
  bool fraction = false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = skip(text, kDigits);
  }
  if (!whole && !fraction) return false;
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  skip_sign(text);
  return skip(text, kDigits) && text.empty();
}

bool is_number(std::string_view text) {
  constexpr std::array<std::string_view, 3> kNotANumber{".nan", ".NaN", ".NAN"};
  constexpr std::array<std::string_view, 3> kInfinity{".inf", ".Inf", ".INF"};
  const std::string_view body = text.substr(std::min<std::size_t>(2, text.size()));
  if (text.starts_with("0x")) {
    return !body.empty() && body.find_first_not_of("0123456789abcdefABCDEF") == body.npos;
  }
  if (text.starts_with("0o"))
    return !body.empty() && body.find_first_not_of("01234567") == body.npos;
  if (is_any_of(text, kNotANumber)) return true;
  skip_sign(text);
  return is_any_of(text, kInfinity) || is_decimal(text);
}

}  // namespace

Kind resolve_plain(std::string_view text) {
  constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
  constexpr std::array<std::string_view, 6> kBool{"true",  "True",  "TRUE",
                                                  "false", "False", "FALSE"};
  if (is_any_of(text, kNull)) return Kind::kNull;
  if (is_any_of(text, kBool)) return Kind::kBool;
  return is_number(text) ? Kind::kNumber : Kind::kString;
}

}  // namespace infergraph::graph
