#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace infergraph {
namespace {

TEST(Base64, DecodesPaddedTextAsGoDoes) {
  EXPECT_EQ(decode_padded_base64(""), "");
  EXPECT_EQ(decode_padded_base64("Zg=="), "f");
  EXPECT_EQ(decode_padded_base64("Zm8="), "fo");
  EXPECT_EQ(decode_padded_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_padded_base64("Zm\r\n9v\n"), "foo");
  EXPECT_EQ(decode_padded_base64("+/+/"), "\xfb\xff\xbf");
  for (const std::string bad :
       {"Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v=", "Zm 9v", "-_-_"}) {
    EXPECT_EQ(decode_padded_base64(bad), std::nullopt) << bad;
  }
}

TEST(Base64, DecodesEitherAlphabetWithOrWithoutPadding) {
  for (const std::string text : {"-_-_", "+/+/", "+/\n+/"}) {
    EXPECT_EQ(decode_base64(text), "\xfb\xff\xbf") << text;
  }
  for (const std::string text : {"Zg==", "Zg", "Zg=\n="}) EXPECT_EQ(decode_base64(text), "f");
  for (const std::string text : {"Zm8=", "Zm8", "Z\nm8"}) EXPECT_EQ(decode_base64(text), "fo");
  EXPECT_EQ(decode_base64("Zm9vYmFyYg"), "foobarb");
  for (const std::string bad :
       {"Z", "Zg=", "Zg===", "Zm9v=", "Zm9vY", "Zm 9v", "Zg==Zg", "Zm9\xff", "=", "Zm9v!"}) {
    EXPECT_EQ(decode_base64(bad), std::nullopt) << bad;
  }
}

TEST(Base64, ReadsWhatItWrote) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes);
    EXPECT_EQ(decode_padded_base64(encode_base64(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("\xfb\xff\xbf"), "+/+/");
}

TEST(Base64, IsAppended) {
  std::string text = "a";
  EXPECT_TRUE(append_decoded_base64(text, "Zm9v"));
  append_base64(text, "fo");
  EXPECT_EQ(text, "afooZm8=");
}

}  // namespace
}  // namespace infergraph
