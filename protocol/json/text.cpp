// How single values of JSON are read and written: numbers and strings.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <system_error>

#include "base/utf8.hpp"
#include "protocol/json/json.hpp"

namespace infergraph::protocol::json {

namespace {

// The four hex digits of a \u escape at `at`, or nothing.
std::optional<unsigned> hex4(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  unsigned value = 0;
  const char* const first = text.data() + at;
  const auto [end, error] = std::from_chars(first, first + 4, value, 16);
  if (error != std::errc() || end != first + 4) return std::nullopt;
  return value;
}

bool is_high_surrogate(unsigned unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(unsigned unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

// Appends what the \u escape whose digits are at `at` means, and gives the offset behind it; the
// escape of a low surrogate that belongs to it is taken too.
std::size_t append_unicode_escape(std::string& out, std::string_view text, std::size_t at) {
  const std::optional<unsigned> unit = hex4(text, at);
  if (!unit) {
    out += kReplacementCharacter;
    return at;
  }
  at += 4;
  if (is_high_surrogate(*unit) && text.substr(at, 2) == "\\u") {
    const std::optional<unsigned> low = hex4(text, at + 2);
    if (low && is_low_surrogate(*low)) {
      append_utf8(out, 0x10000U + ((*unit - 0xD800U) << 10U) + (*low - 0xDC00U));
      return at + 6;
    }
  }
  if (is_high_surrogate(*unit) || is_low_surrogate(*unit)) {
    out += kReplacementCharacter;
  } else {
    append_utf8(out, *unit);
  }
  return at;
}

// What stands behind the backslash of a control character, a quote or a backslash.
void append_escape(std::string& out, char c) {
  out += '\\';
  switch (c) {
    case '"':
    case '\\':
      out += c;
      return;
    case '\b':
      out += 'b';
      return;
    case '\f':
      out += 'f';
      return;
    case '\n':
      out += 'n';
      return;
    case '\r':
      out += 'r';
      return;
    case '\t':
      out += 't';
      return;
    default:
      constexpr std::string_view kHex = "0123456789abcdef";
      out += "u00";
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 0xFU];
  }
}

template <typename Real>
void append_shortest(std::string& out, Real value) {
  // to_chars prefers 1e+05 to 100000, which is shorter and harder to read.
  const Real size = std::fabs(value);
  const bool plain = value == 0 || (size >= Real(1e-5) && size < Real(1e16));
  std::array<char, 32> digits{};
  const auto [end, error] =
      plain ? std::to_chars(digits.begin(), digits.end(), value, std::chars_format::fixed)
            : std::to_chars(digits.begin(), digits.end(), value);
  if (error == std::errc()) out.append(digits.data(), end);
}

}  // namespace

std::optional<double> to_double(std::string_view token) {
  double value = 0;
  const char* const end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, value);
  if (stop != end) return std::nullopt;
  if (error == std::errc()) return value;
  if (error != std::errc::result_out_of_range) return std::nullopt;
  // from_chars doesn't tell 1e999 from 1e-999.
  value = std::strtod(std::string(token).c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return value;
}

std::optional<double> to_proto_double(std::string_view text) {
  if (!text.starts_with('"')) return to_double(text);
  if (text.size() < 3) return std::nullopt;
  const std::string_view inner = inside_quotes(text);
  if (inner == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (inner == "Infinity") return std::numeric_limits<double>::infinity();
  if (inner == "-Infinity") return -std::numeric_limits<double>::infinity();
  // from_chars knows more spellings of infinity than proto3 JSON does.
  if (inner.find_first_not_of("+-.0123456789eE") != std::string_view::npos) return std::nullopt;
  return to_double(inner);
}

std::optional<int> to_int(double value) {
  const bool fits = value >= std::numeric_limits<int>::min() &&
                    value <= std::numeric_limits<int>::max() && std::trunc(value) == value;
  if (!fits) return std::nullopt;
  return static_cast<int>(value);
}

std::string unescaped(std::string_view escaped) {
  std::string out;
  out.reserve(escaped.size());
  std::size_t at = 0;
  while (at < escaped.size()) {
    const std::size_t backslash = escaped.find('\\', at);
    out += escaped.substr(at, backslash - at);
    if (backslash == std::string_view::npos || backslash + 1 == escaped.size()) break;
    const char c = escaped[backslash + 1];
    at = backslash + 2;
    constexpr std::string_view kLetters = "bfnrt";
    constexpr std::string_view kMeanings = "\b\f\n\r\t";
    if (c == 'u') {
      at = append_unicode_escape(out, escaped, at);
    } else if (const std::size_t letter = kLetters.find(c); letter != std::string_view::npos) {
      out += kMeanings[letter];
    } else {
      out += c;
    }
  }
  return out;
}

void append_string(std::string& out, std::string_view value) {
  out += '"';
  std::size_t copied = 0;  // what is before it has been written
  std::size_t at = 0;
  const auto flush = [&](std::size_t resume) {
    out += value.substr(copied, at - copied);
    copied = at = resume;
  };
  while (at < value.size()) {
    const char c = value[at];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = utf8_length(value.substr(at));
      if (length == 0) {
        flush(at + 1);
        out += kReplacementCharacter;
      } else {
        at += length;
      }
    } else if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      flush(at + 1);
      append_escape(out, c);
    } else {
      ++at;
    }
  }
  flush(at);
  out += '"';
}

void append_double(std::string& out, double value) { append_shortest(out, value); }

void append_float(std::string& out, float value) { append_shortest(out, value); }

std::string excerpt(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  // Not within a character.
  while (most > 0 && continues_character(text[most])) --most;
  return std::string(text.substr(0, most)) + "…";
}

}  // namespace infergraph::protocol::json
