#include "base/base64.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace infergraph {

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xFF;

using Values = std::array<std::uint8_t, 256>;

constexpr Values kValues = [] {
  Values values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  values['-'] = 62;
  values['_'] = 63;
  return values;
}();

std::uint32_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }

bool is_line_break(char c) { return c == '\n' || c == '\r'; }

char byte_of(std::uint32_t bits, unsigned shift) {
  return static_cast<char>(bits >> shift & 0xFFU);
}

// Behind the digits: nothing, or as much padding as makes groups of four.
bool is_padding(std::string_view text, std::size_t digits) {
  std::size_t padding = 0;
  for (const char c : text) {
    if (is_line_break(c)) continue;
    if (c != '=') return false;
    ++padding;
  }
  return padding == 0 || (digits % 4 >= 2 && padding == 4 - digits % 4);
}

}  // namespace

bool append_decoded_base64(std::string& out, std::string_view text) {
  std::size_t written = out.size();
  out.resize(written + text.size() / 4 * 3 + 3);
  std::uint32_t group = 0;
  std::size_t digits = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    // Whole groups go at once; what is odd falls through to one digit at a time.
    while (digits % 4 == 0 && at + 4 <= text.size()) {
      const std::uint32_t a = value_of(text[at]);
      const std::uint32_t b = value_of(text[at + 1]);
      const std::uint32_t c = value_of(text[at + 2]);
      const std::uint32_t d = value_of(text[at + 3]);
      if ((a | b | c | d) > 63U) break;
      group = a << 18U | b << 12U | c << 6U | d;
      out[written] = byte_of(group, 16);
      out[written + 1] = byte_of(group, 8);
      out[written + 2] = byte_of(group, 0);
      written += 3;
      digits += 4;
      at += 4;
    }
    if (at == text.size()) break;
    const std::uint32_t value = value_of(text[at]);
    if (value == kNone) {
      if (!is_line_break(text[at])) break;
      ++at;
      continue;
    }
    ++at;
    group = group << 6U | value;
    if (++digits % 4 != 0) continue;
    for (const unsigned shift : {16U, 8U, 0U}) out[written++] = byte_of(group, shift);
  }
  if (digits % 4 == 2) out[written++] = byte_of(group, 4);
  if (digits % 4 == 3) {
    out[written++] = byte_of(group, 10);
    out[written++] = byte_of(group, 2);
  }
  out.resize(written);
  return digits % 4 != 1 && is_padding(text.substr(at), digits);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string decoded;
  if (!append_decoded_base64(decoded, text)) return std::nullopt;
  return decoded;
}

std::optional<std::string> decode_padded_base64(std::string_view text) {
  const auto breaks = std::count_if(text.begin(), text.end(), is_line_break);
  if ((text.size() - static_cast<std::size_t>(breaks)) % 4 != 0) return std::nullopt;
  if (text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
  return decode_base64(text);
}

std::string encode_base64(std::string_view bytes) {
  std::string encoded;
  append_base64(encoded, bytes);
  return encoded;
}

void append_base64(std::string& out, std::string_view bytes) {
  const auto byte = [bytes](std::size_t i) -> std::uint32_t {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  std::size_t written = out.size();
  out.resize(written + (bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t group = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    for (const unsigned shift : {18U, 12U, 6U, 0U}) {
      out[written++] = kAlphabet[group >> shift & 0x3FU];
    }
  }
  for (std::size_t i = 0; i < (3 - bytes.size() % 3) % 3; ++i) out[written - 1 - i] = '=';
}

}  // namespace infergraph
