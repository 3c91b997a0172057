#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
    const std::uint64_t version_4 = (random_() & ~std::uint64_t{0xf000}) | 0x4000;
    const std::uint64_t variant =
        (random_() & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
    put<0, 2, 4, 6, 9, 11, 14, 16>(version_4);
    put<19, 21, 24, 26, 28, 30, 32, 34>(variant);
    return {text_.data(), text_.size()};
  }

 private:
  // The two digits of every byte.
  static constexpr std::array<std::array<char, 2>, 256> kDigits = [] {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::array<std::array<char, 2>, 256> made{};
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = {kHex[i / 16], kHex[i % 16]};
    return made;
  }();

  // Eight bytes, the highest first, at these places.
  template <std::size_t... kPlaces>
  void put(std::uint64_t bits) {
    unsigned shift = 64;
    ((shift -= 8, std::memcpy(&text_[kPlaces], &kDigits[(bits >> shift) & 0xff], 2)), ...);
  }
  static std::uint64_t seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
  }

  std::mt19937_64 random_;
  std::array<char, 36> text_ = [] {
    std::array<char, 36> dashes{};
    dashes.fill('-');
    return dashes;
  }();
};

}  // namespace infergraph::engine
