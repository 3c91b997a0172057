#include "protocol/gzip_writer.hpp"

#include <gtest/gtest.h>

#include <string>

#include "protocol/gzip.hpp"

namespace infergraph::protocol {
namespace {

TEST(Gzipped, UnpacksToWhatItWas) {
  std::string noise;
  for (std::size_t i = 0; i < 300'000; ++i)
    noise += static_cast<char>((i * i * 2654435761U) >> 13U);
  for (const std::string& text :
       {std::string(), std::string("a"), std::string(1'000'000, 'x'), noise}) {
    const std::string packed = gzipped(text);
    EXPECT_TRUE(packed.starts_with("\x1f\x8b"));
    const auto unpacked = gunzip(packed, text.size());
    ASSERT_TRUE(unpacked) << text.size();
    EXPECT_EQ(unpacked->text(), text);
  }
  EXPECT_LT(gzipped(std::string(1'000'000, 'x')).size(), 10'000U);
}

}  // namespace
}  // namespace infergraph::protocol
