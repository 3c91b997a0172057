#include "protocol/header_list.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace infergraph::protocol {
namespace {

TEST(HeaderList, KeepsWhatItIsGivenInOrder) {
  HeaderList headers;
  headers.add("A", "1");
  headers.add("B", "2");
  headers.add("A", "3");
  ASSERT_EQ(headers.fields().size(), 3U);
  EXPECT_EQ(headers.fields()[1].name, "B");
  EXPECT_EQ(headers.value("A"), "1");
  EXPECT_EQ(headers.value("a"), "");
}

// Short ones share a piece of memory, others have one of their own: neither moves.
TEST(HeaderList, KeepsCopiesOfAnySize) {
  HeaderList headers;
  std::string expected;
  for (const std::size_t size : {36, 3, 4, 0, 41, 1, 5000}) {
    const std::string value(size, static_cast<char>('a' + size % 26));
    const std::string_view kept = headers.add_made("Made", value);
    EXPECT_EQ(kept, value);
    EXPECT_NE(kept.data(), value.data());
    expected += value;
  }
  std::string all;
  for (const HeaderField& field : headers.fields()) all += field.value;
  EXPECT_EQ(all, expected);
}

TEST(HeaderList, IsUsedAgain) {
  HeaderList headers;
  for (int round = 0; round < 3; ++round) {
    headers.clear();
    EXPECT_TRUE(headers.fields().empty());
    const std::string_view puid = headers.add_made("Puid", std::string(36, 'p'));
    for (int i = 0; i < 20; ++i) headers.add_made("Large", std::string(100, 'x'));
    headers.truncate(1);
    headers.add("Last", "1");
    ASSERT_EQ(headers.fields().size(), 2U);
    EXPECT_EQ(puid, std::string(36, 'p'));
    EXPECT_EQ(headers.value("Last"), "1");
    headers.truncate(5);
    EXPECT_EQ(headers.fields().size(), 2U);
  }
}

}  // namespace
}  // namespace infergraph::protocol
