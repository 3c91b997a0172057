#include "graph/base64.hpp"

#include <cstddef>
#include <cstdint>

namespace infergraph::graph {

std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  decoded.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int digits = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    if (padding > 0 && (c != '=' || digits == 0)) return std::nullopt;
    std::size_t digit = 0;
    if (c == '=') {
      if (digits < 2) return std::nullopt;
      ++padding;
    } else {
      digit = kAlphabet.find(c);
      if (digit == kAlphabet.npos) return std::nullopt;
    }
    group = group << 6U | static_cast<std::uint32_t>(digit);
    if (++digits < 4) continue;
    for (int byte = 0; byte < 3 - padding; ++byte) {
      decoded += static_cast<char>(group >> (16U - 8U * static_cast<unsigned>(byte)) & 0xFFU);
    }
    group = 0;
    digits = 0;
  }
  if (digits != 0) return std::nullopt;
  return decoded;
}

}  // namespace infergraph::graph
