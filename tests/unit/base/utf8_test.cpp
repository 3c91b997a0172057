#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace infergraph {
namespace {

TEST(Utf8, KnowsWellFormedCharacters) {
  struct Case {
    std::string_view text;
    std::size_t length;
  };
  const Case cases[] = {
      {"", 0},
      {"a", 1},
      {"\xC2\x80", 2},
      {"\xE0\xA0\x80", 3},
      {"\xED\x9F\xBF", 3},
      {"\xF0\x90\x80\x80", 4},
      {"\xF4\x8F\xBF\xBF", 4},
      {"\x80", 0},              // continues nothing
      {"\xC1\xBF", 0},          // overlong
      {"\xE0\x9F\xBF", 0},      // overlong
      {"\xF0\x8F\xBF\xBF", 0},  // overlong
      {"\xED\xA0\x80", 0},      // half of a surrogate pair
      {"\xF4\x90\x80\x80", 0},  // above U+10FFFF
      {"\xE2\x82", 0},          // cut
  };
  for (const Case& one : cases) {
    EXPECT_EQ(utf8_length(one.text), one.length) << one.text;
    EXPECT_EQ(is_utf8(one.text), one.text.empty() || one.length == one.text.size()) << one.text;
  }
}

TEST(Utf8, ReplacesWhatIsNone) {
  EXPECT_EQ(to_utf8("a\xFF\xC3\xA9\xE2\x82"), "a\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(to_utf8("12345678\x80"), "12345678\xEF\xBF\xBD");
}

TEST(Utf8, WritesEachCharacterAsItIsRead) {
  for (const char32_t code_point : {0x24, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF}) {
    std::string made;
    append_utf8(made, code_point);
    EXPECT_EQ(utf8_length(made), made.size());
    EXPECT_FALSE(continues_character(made.front()));
  }
}

}  // namespace
}  // namespace infergraph
