// How single values of JSON are read and written: numbers and strings.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <system_error>

#include "protocol/json/json.hpp"

namespace infergraph::protocol::json {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void append_utf8(std::string& out, unsigned code_point) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0U | code_point >> 6U);
    put(0x80U | (code_point & 0x3FU));
  } else if (code_point < 0x10000) {
    put(0xE0U | code_point >> 12U);
    put(0x80U | (code_point >> 6U & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  } else {
    put(0xF0U | code_point >> 18U);
    put(0x80U | (code_point >> 12U & 0x3FU));
    put(0x80U | (code_point >> 6U & 0x3FU));
    put(0x80U | (code_point & 0x3FU));
  }
}

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
    out += kReplacement;
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
    out += kReplacement;
  } else {
    append_utf8(out, *unit);
  }
  return at;
}

// Length of the well-formed UTF-8 sequence of two to four bytes at the front of `text`; 0 if it is
// none (Unicode table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto continues = [&byte](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(0);
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool beyond = lead == 0xF4 && byte(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
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
  const std::string_view inner = text.substr(1, text.size() - 2);
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
        out += kReplacement;
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
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  return std::string(text.substr(0, most)) + "…";
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    std::uint64_t eight = 0;
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string made;
  if (is_utf8(text)) return made.append(text);
  while (!text.empty()) {
    const bool plain = static_cast<unsigned char>(text.front()) < 0x80;
    const std::size_t length = plain ? 1 : utf8_length(text);
    if (length == 0) {
      made += kReplacement;
      text.remove_prefix(1);
    } else {
      made += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return made;
}

}  // namespace infergraph::protocol::json
