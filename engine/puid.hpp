#pragma once

#include <array>
#include <random>
#include <string_view>

namespace infergraph::engine {

/// Makes puids: UUIDs of version 4 in lower-case text, as the reference does.
/// Threads: one.
class PuidSource {
 public:
  PuidSource() : random_(seed()) {}

  /// Thirty-six characters, valid until the next call.
  std::string_view next() {
    static constexpr char kHex[] = "0123456789abcdef";
    const std::uint64_t halves[2] = {
        (random_() & ~std::uint64_t{0xf000}) | std::uint64_t{0x4000},         // version 4
        (random_() & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62)};  // variant 10
    std::size_t at = 0;
    for (int digit = 0; digit < 32; ++digit) {
      if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text_[at++] = '-';
      text_[at++] = kHex[(halves[digit / 16] >> (60 - 4 * (digit % 16))) & 0xf];
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
