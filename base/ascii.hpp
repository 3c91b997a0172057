#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace infergraph {

/// Of ASCII's letters alone, whatever the locale.
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lowered(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(), lower);
  return made;
}

/// `text` without the `blanks` around it.
inline std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") {
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// Compares names whose case does not count. Not by boost::beast::iequals: Boost 1.81's reads one
/// byte behind texts that differ in case alone.
inline bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    // The letters' two cases differ in this bit, and so do some other characters.
    constexpr unsigned kCase = 0x20;
    const unsigned letter = static_cast<unsigned char>(a[i]) | kCase;
    const bool same = letter == (static_cast<unsigned char>(b[i]) | kCase);
    if (!same || letter < 'a' || letter > 'z') return false;
  }
  return true;
}

}  // namespace infergraph
