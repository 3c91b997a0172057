#include "base/duration.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace infergraph {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};

// Two letters before one, so that "ms" is not minutes. µ has two code points.
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1'000},
                                         {"\xc2\xb5s", 1'000},
                                         {"\xce\xbcs", 1'000},
                                         {"ms", 1'000'000},
                                         {"s", 1'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"h", 3'600'000'000'000}}};

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes "3.5h" off the front of `text`, in nanoseconds.
std::optional<std::uint64_t> take_term(std::string_view& text) {
  std::size_t at = 0;
  std::uint64_t whole = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (whole > (kMost - digit) / 10) return std::nullopt;
    whole = whole * 10 + digit;
  }
  bool has_digits = at > 0;
  double fraction = 0;
  if (at < text.size() && text[at] == '.') {
    double place = 0.1;
    for (++at; at < text.size() && is_digit(text[at]); ++at, place /= 10) {
      fraction += place * (text[at] - '0');
      has_digits = true;
    }
  }
  if (!has_digits) return std::nullopt;
  text.remove_prefix(at);
  for (const Unit& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    if (whole > kMost / unit.nanoseconds) return std::nullopt;
    // Rounded, because a fraction such as .1 is a little off in binary.
    const double part = fraction * static_cast<double>(unit.nanoseconds);
    return whole * unit.nanoseconds + static_cast<std::uint64_t>(std::llround(part));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::milliseconds(0);
  if (text.empty()) return std::nullopt;

  std::uint64_t nanoseconds = 0;
  while (!text.empty()) {
    const auto term = take_term(text);
    if (!term || *term > kMost - nanoseconds) return std::nullopt;
    nanoseconds += *term;
  }
  const std::uint64_t rounded = (nanoseconds + 999'999) / 1'000'000;
  const auto milliseconds = static_cast<std::int64_t>(rounded);
  return std::chrono::milliseconds(negative ? -milliseconds : milliseconds);
}

std::string duration_text(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  if (count % 1000 == 0) return std::to_string(count / 1000) + "s";
  return std::to_string(count) + "ms";
}

}  // namespace infergraph
