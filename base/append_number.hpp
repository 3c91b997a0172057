#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <string>

namespace infergraph {

/// Appends `number` in decimal digits, without the string of its own that std::to_string makes.
template <std::integral Integer>
void append_number(std::string& out, Integer number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace infergraph
