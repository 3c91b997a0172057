#include "graph/spec/text/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

constexpr std::string_view kDigits = "0123456789";

template <std::size_t N>
bool is_any_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 11> kTrue{"y",    "Y",    "yes", "Yes", "YES", "true",
                                                 "True", "TRUE", "on",  "On",  "ON"};
constexpr std::array<std::string_view, 11> kFalse{"n",     "N",     "no",  "No",  "NO", "false",
                                                  "False", "FALSE", "off", "Off", "OFF"};
constexpr std::array<std::string_view, 12> kNoNumber{".nan",  ".NaN",  ".NAN",  ".inf",
                                                     ".Inf",  ".INF",  "+.inf", "+.Inf",
                                                     "+.INF", "-.inf", "-.Inf", "-.INF"};

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
  skip_sign(text);
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

std::string without_underscores(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  return plain;
}

struct Whole {
  bool negative = false;
  std::uint64_t size = 0;
};

/// As Go's strconv.ParseInt reads it with base 0.
std::optional<Whole> to_whole(std::string_view text) {
  Whole made;
  made.negative = text.starts_with('-');
  skip_sign(text);
  int base = 10;
  if (text.size() > 1 && text.front() == '0') {
    const char letter = text[1];
    base = letter == 'x' || letter == 'X' ? 16 : letter == 'b' || letter == 'B' ? 2 : 8;
    const bool has_letter = base != 8 || letter == 'o' || letter == 'O';
    text.remove_prefix(has_letter ? 2 : 1);
  }
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, made.size, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  constexpr std::uint64_t kMostNegative = std::uint64_t{1} << 63U;
  if (made.negative && made.size > kMostNegative) return std::nullopt;
  return made;
}

std::optional<double> to_double(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// As Go's strconv.FormatFloat(value, 'g', -1, 32) writes it, which is what that reader calls.
std::string go_float(double value) {
  constexpr int kLeastExponent = -4;
  constexpr int kMostExponent = 6;
  std::array<char, 64> buffer{};
  const auto number = static_cast<float>(value);
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char* const end = buffer.data() + buffer.size();
  const auto scientific = std::to_chars(buffer.data(), end, number, std::chars_format::scientific);
  const std::string_view written(buffer.data(),
                                 static_cast<std::size_t>(scientific.ptr - buffer.data()));
  const int exponent = std::atoi(std::string(written.substr(written.find('e') + 1)).c_str());
  if (exponent < kLeastExponent || exponent >= kMostExponent) return std::string(written);
  std::array<char, 64> plain{};
  const auto fixed =
      std::to_chars(plain.data(), plain.data() + plain.size(), number, std::chars_format::fixed);
  return {plain.data(), fixed.ptr};
}

bool is_number(std::string_view text) {
  if (is_any_of(text, kNoNumber)) return true;
  if (text.starts_with('.')) return is_decimal(text);
  if (std::string_view("+-0123456789").find(text.front()) == std::string_view::npos) return false;
  const std::string plain = without_underscores(text);
  // A number too large for 64 bits is one all the same.
  return to_whole(plain).has_value() || is_decimal(plain);
}

}  // namespace

Kind resolve_plain(std::string_view text) {
  if (is_any_of(text, kNull)) return Kind::kNull;
  if (is_any_of(text, kTrue) || is_any_of(text, kFalse)) return Kind::kBool;
  return is_number(text) ? Kind::kNumber : Kind::kString;
}

std::optional<std::string> text_of_scalar(Kind kind, std::string_view text) {
  if (kind == Kind::kBool) return is_any_of(text, kTrue) ? "true" : "false";
  if (kind != Kind::kNumber) return std::string(text);
  const std::string plain = text.starts_with('.') ? std::string(text) : without_underscores(text);
  if (const auto whole = to_whole(plain)) {
    const bool negative = whole->negative && whole->size != 0;
    return (negative ? "-" : "") + std::to_string(whole->size);
  }
  if (const auto number = to_double(plain)) return go_float(*number);
  return std::nullopt;
}

std::optional<std::int64_t> to_whole_number(std::string_view text) {
  const std::string plain = without_underscores(text);
  if (const auto whole = to_whole(plain)) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 63U;
    if (whole->size >= kMost && !whole->negative) return std::nullopt;
    return whole->negative ? static_cast<std::int64_t>(0 - whole->size)
                           : static_cast<std::int64_t>(whole->size);
  }
  // 1e3 is written as 1000 in between.
  constexpr double kMostExact = 9007199254740992.0;
  const auto number = to_double(plain);
  if (!number || *number != std::trunc(*number) || std::abs(*number) > kMostExact) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

}  // namespace infergraph::graph
