#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace infergraph {

/// U+FFFD, which stands for a byte that is not UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// Length of the well-formed character at the front of `text`; 0 if there is none (Unicode, table
/// 3-7: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text);

/// Whether `c` goes on with a character that began before it: where a text must not be cut.
constexpr bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// True if `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

/// `text` with U+FFFD for every byte that is not UTF-8.
std::string to_utf8(std::string_view text);

/// Appends the character `code_point`, which is at most U+10FFFF.
void append_utf8(std::string& out, char32_t code_point);

}  // namespace infergraph
