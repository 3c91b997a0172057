#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string_view>

namespace infergraph::engine {

/// Whether a caller's puid may go on: it becomes a header line of one hop and gRPC metadata of the
/// next, where any other byte would break out of its place or end the process.
inline bool is_puid(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

/// Makes puids: UUIDs of version 4 in lower-case text, as the reference does.
/// Threads: one.
class PuidSource {
 public:
  PuidSource() : random_(seed()) {}

  /// Thirty-six characters, valid until the next call.
  std::string_view next() {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::uint64_t bits = (random_() & ~std::uint64_t{0xf000}) | 0x4000;  // version 4
    std::size_t at = 0;
    for (const int digits : {8, 4, 4, 4, 12}) {
      if (at == 18) bits = (random_() & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
      if (at > 0) text_[at++] = '-';
      for (int i = 0; i < digits; ++i, bits <<= 4) text_[at++] = kHex[bits >> 60];
    }
    return {text_.data(), text_.size()};
  }

 private:
  static std::uint64_t seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }

  std::mt19937_64 random_;
  std::array<char, 36> text_{};
};

}  // namespace infergraph::engine
