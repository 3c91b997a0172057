#include "engine/net/block.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace infergraph::engine {
namespace {

std::shared_ptr<Block> filled(std::size_t capacity, std::string_view text) {
  auto block = Block::make(capacity);
  text.copy(block->data(), text.size());
  block->size = text.size();
  return block;
}

TEST(Block, WhatLiesBehindStaysWhereItIs) {
  auto block = filled(100000, std::string(50000, 'a'));
  const std::weak_ptr<Block> first = block;
  const char* const bytes = block->data();
  for (std::size_t at = 1000; at <= 45000; at += 1000) {
    auto next = Block::behind(block, 1000);
    ASSERT_EQ(next->data(), bytes + at);
    ASSERT_EQ(next->size, 50000 - at);
    block = std::move(next);
  }
  EXPECT_FALSE(first.expired());
  // A few bytes at the end are moved, so that the rest can go.
  block = Block::behind(block, 1000);
  EXPECT_EQ(block->view(0, block->size), std::string(4000, 'a'));
  EXPECT_TRUE(first.expired());
  // And then no more.
  const auto last = Block::behind(block, 10);
  EXPECT_EQ(last->data(), block->data() + 10);
  EXPECT_EQ(last->capacity(), block->capacity() - 10);
}

TEST(Block, NothingBehindIsAFreshBlock) {
  const auto block = filled(100000, "abc");
  const auto next = Block::behind(block, 3);
  EXPECT_EQ(next->size, 0U);
  EXPECT_EQ(next->capacity(), Block::kInlineCapacity);
}

TEST(Block, ABlockBehindGrowsIntoBytesOfItsOwn) {
  const auto block = filled(0, "first|second");
  const auto next = Block::behind(block, 6);
  next->fields.push_back({next->view(0, 3), "elsewhere"});
  const auto move = next->grow(1000000);
  EXPECT_EQ(next->view(0, next->size), "second");
  EXPECT_EQ(next->fields[0].name, "sec");
  EXPECT_EQ(next->fields[0].name.data(), next->data());
  EXPECT_EQ(next->fields[0].value, "elsewhere");
  EXPECT_EQ(block->view(0, block->size), "first|second");
  EXPECT_EQ(move(std::string_view()), std::string_view());
}

TEST(Block, TakesButAPieceOfTheRoomOfALargeOne) {
  const auto block = filled(10000000, std::string(100000, 'a'));
  const auto next = Block::behind(block, 10);
  EXPECT_LT(next->capacity(), 1000000U);
  EXPECT_GT(next->room(), 0U);
}

TEST(Block, ViewsFollowAsItGrows) {
  const auto block = filled(0, "name: value");
  block->fields.push_back({block->view(0, 4), block->view(6, 11)});
  block->fields.push_back({block->view(11, 11), block->keep("folded value")});
  for (const std::size_t capacity : {5000, 100000, 100001, 50000000, 10}) {
    block->grow(capacity);
    EXPECT_GE(block->capacity(), capacity);
    EXPECT_EQ(block->fields[0].name, "name");
    EXPECT_EQ(block->fields[0].value, "value");
    EXPECT_EQ(block->fields[0].name.data(), block->data());
    EXPECT_EQ(block->fields[1].name, "");
    EXPECT_EQ(block->fields[1].value, "folded value");
  }
}

}  // namespace
}  // namespace infergraph::engine
