#pragma once

#include <cstddef>
#include <string_view>

namespace infergraph::engine {

/// Compares header names, whose case does not count. Not by boost::beast::iequals: Boost 1.81's
/// reads one byte behind texts that differ in case alone.
inline bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    // The letters' two cases differ in this bit, and so do some other characters.
    constexpr unsigned kCase = 0x20;
    const unsigned lower = static_cast<unsigned char>(a[i]) | kCase;
    const bool same = lower == (static_cast<unsigned char>(b[i]) | kCase);
    if (!same || lower < 'a' || lower > 'z') return false;
  }
  return true;
}

}  // namespace infergraph::engine
