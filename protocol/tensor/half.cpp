// Half precision, by the bits of IEEE 754.
#include <bit>
#include <cmath>
#include <limits>

#include "protocol/tensor/elements.hpp"

namespace infergraph::protocol {

namespace {

constexpr std::uint16_t kSign = 0x8000;

// `value` rounded to a multiple of 2^exponent, ties to even.
double rounded(double value, int exponent) {
  return std::ldexp(std::nearbyint(std::ldexp(value, -exponent)), exponent);
}

struct Layout {
  int mantissa_bits;
  int least_exponent;  // of a normal number: 2^least_exponent
  int most_exponent;
};

// Sign, exponent and mantissa of `value` in a format of 16 bits.
std::uint16_t pack(double value, const Layout& layout) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? kSign : 0);
  const int exponent_bits = 15 - layout.mantissa_bits;
  const auto infinity = static_cast<std::uint16_t>(((1U << unsigned(exponent_bits)) - 1U)
                                                   << unsigned(layout.mantissa_bits));
  if (std::isnan(value)) {
    return sign | infinity | static_cast<std::uint16_t>(1U << unsigned(layout.mantissa_bits - 1));
  }
  double size = std::fabs(value);
  if (size == 0) return sign;
  if (std::isinf(size)) return sign | infinity;
  int exponent = std::max(std::ilogb(size), layout.least_exponent);
  size = rounded(size, exponent - layout.mantissa_bits);
  if (size == 0) return sign;
  exponent = std::max(std::ilogb(size), layout.least_exponent);
  if (exponent > layout.most_exponent) return sign | infinity;
  const auto mantissa = static_cast<unsigned>(std::ldexp(size, layout.mantissa_bits - exponent));
  // A normal number's leading one is not written: it is 1 in the exponent's place.
  const unsigned biased = static_cast<unsigned>(exponent - layout.least_exponent)
                          << unsigned(layout.mantissa_bits);
  return sign | static_cast<std::uint16_t>(biased + mantissa);
}

constexpr Layout kBinary16{10, -14, 15};
constexpr Layout kBfloat16{7, -126, 127};

double unpack(std::uint16_t bits, const Layout& layout) {
  const unsigned exponent_mask = (1U << unsigned(15 - layout.mantissa_bits)) - 1U;
  const unsigned exponent = (bits >> unsigned(layout.mantissa_bits)) & exponent_mask;
  const unsigned mantissa = bits & ((1U << unsigned(layout.mantissa_bits)) - 1U);
  double size = 0;
  if (exponent == exponent_mask) {
    size = mantissa == 0 ? std::numeric_limits<double>::infinity()
                         : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    size = std::ldexp(mantissa, layout.least_exponent - layout.mantissa_bits);
  } else {
    size =
        std::ldexp(mantissa + (1U << unsigned(layout.mantissa_bits)),
                   static_cast<int>(exponent) - 1 + layout.least_exponent - layout.mantissa_bits);
  }
  return (bits & kSign) != 0 ? -size : size;
}

}  // namespace

std::uint16_t to_float16(double value) { return pack(value, kBinary16); }
double from_float16(std::uint16_t bits) { return unpack(bits, kBinary16); }
std::uint16_t to_bfloat16(double value) { return pack(value, kBfloat16); }
double from_bfloat16(std::uint16_t bits) { return unpack(bits, kBfloat16); }

}  // namespace infergraph::protocol
