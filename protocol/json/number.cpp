#include "protocol/json/number.hpp"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

namespace infergraph::protocol {

namespace {

using json::Kind;

// The token, or what a string holds. Nothing for other kinds, and for what no number is written in.
std::optional<std::string_view> token_of(Kind kind, std::string_view text) {
  if (kind == Kind::kNumber) return text;
  if (kind != Kind::kString) return std::nullopt;
  return json::inside_quotes(text);
}

bool is_plain(std::string_view token) {
  return !token.empty() && token.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
}

// NaN and the infinities: bare tokens have more spellings than the strings of proto3 JSON.
template <typename Real>
std::optional<Real> non_finite(Kind kind, std::string_view token) {
  const bool negative = token.starts_with('-');
  const std::string_view name = negative ? token.substr(1) : token;
  if (name == "Infinity" || (name == "Inf" && kind == Kind::kNumber)) {
    constexpr Real kInfinity = std::numeric_limits<Real>::infinity();
    return negative ? -kInfinity : kInfinity;
  }
  if (name == "NaN" && (!negative || kind == Kind::kNumber)) {
    return std::numeric_limits<Real>::quiet_NaN();
  }
  return std::nullopt;
}

template <typename Real>
NumberFault read_real(Kind kind, std::string_view text, Real& value) {
  const auto token = token_of(kind, text);
  if (!token) return NumberFault::kNoNumber;
  const char* const last = token->data() + token->size();
  const auto [end, error] = std::from_chars(token->data(), last, value);
  if (end == last && error == std::errc()) {
    // from_chars knows NaN and infinity by more names than JSON does; all begin with a letter.
    const char first = (*token)[token->starts_with('-') ? 1 : 0];
    if (first == '.' || (first >= '0' && first <= '9')) return NumberFault::kNone;
  }
  if (const auto named = non_finite<Real>(kind, *token)) {
    value = *named;
    return NumberFault::kNone;
  }
  if (error != std::errc::result_out_of_range || end != last || !is_plain(*token)) {
    return NumberFault::kNoNumber;
  }
  // Too big or too small: the sign of the decimal exponent tells which.
  const double rounded = std::strtod(std::string(*token).c_str(), nullptr);
  if (rounded > 1 || rounded < -1) return NumberFault::kOutOfRange;
  value = token->starts_with('-') ? -Real{0} : Real{0};
  return NumberFault::kNone;
}

/// A decimal number taken apart: digits × 10^exponent, without zeros at either end of the digits.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
};

std::optional<Decimal> to_decimal(std::string_view token) {
  Decimal number;
  number.negative = token.starts_with('-');
  if (number.negative) token.remove_prefix(1);
  const std::size_t e = token.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view exponent = token.substr(e + 1);
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    const char* const last = exponent.data() + exponent.size();
    const auto [end, error] = std::from_chars(exponent.data(), last, number.exponent);
    if (end != last || error == std::errc::invalid_argument) return std::nullopt;
    // Far beyond any length of digits, and far from overflowing below.
    constexpr std::int64_t kMost = std::int64_t{1} << 40;
    if (error != std::errc() || number.exponent > kMost || number.exponent < -kMost) {
      number.exponent = exponent.starts_with('-') ? -kMost : kMost;
    }
    token = token.substr(0, e);
  }
  bool fraction = false;
  bool any = false;
  for (const char c : token) {
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      any = true;
      if (fraction) --number.exponent;
      if (c != '0' || !number.digits.empty()) number.digits += c;
    } else {
      return std::nullopt;
    }
  }
  if (!any) return std::nullopt;
  while (number.digits.ends_with('0')) {
    number.digits.pop_back();
    ++number.exponent;
  }
  return number;
}

template <typename Integer>
NumberFault read_integer(Kind kind, std::string_view text, Integer& value) {
  const auto token = token_of(kind, text);
  if (!token) return NumberFault::kNoNumber;
  const char* const last = token->data() + token->size();
  if (const auto [end, error] = std::from_chars(token->data(), last, value);
      end == last && error == std::errc()) {
    return NumberFault::kNone;
  }
  if (kind == Kind::kNumber && non_finite<double>(kind, *token)) return NumberFault::kNoInteger;
  const auto number = to_decimal(*token);
  if (!number) return NumberFault::kNoNumber;
  if (number->digits.empty()) {
    value = 0;
    return NumberFault::kNone;
  }
  if (number->exponent < 0) return NumberFault::kNoInteger;
  constexpr std::size_t kMostDigits = 20;  // of 2^64
  if (number->digits.size() + static_cast<std::size_t>(number->exponent) > kMostDigits) {
    return NumberFault::kOutOfRange;
  }
  const std::string whole = (number->negative ? "-" : "") + number->digits +
                            std::string(static_cast<std::size_t>(number->exponent), '0');
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  return error == std::errc() && end == whole.data() + whole.size() ? NumberFault::kNone
                                                                    : NumberFault::kOutOfRange;
}

}  // namespace

NumberFault read_number(Kind kind, std::string_view text, double& value) {
  return read_real(kind, text, value);
}
NumberFault read_number(Kind kind, std::string_view text, float& value) {
  return read_real(kind, text, value);
}
NumberFault read_number(Kind kind, std::string_view text, std::int32_t& value) {
  return read_integer(kind, text, value);
}
NumberFault read_number(Kind kind, std::string_view text, std::int64_t& value) {
  return read_integer(kind, text, value);
}
NumberFault read_number(Kind kind, std::string_view text, std::uint32_t& value) {
  return read_integer(kind, text, value);
}
NumberFault read_number(Kind kind, std::string_view text, std::uint64_t& value) {
  return read_integer(kind, text, value);
}

}  // namespace infergraph::protocol
