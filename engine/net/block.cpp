#include "engine/net/block.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace infergraph::engine {
namespace {

// Blocks wait here for the next message. The bound keeps a burst from holding memory for ever.
constexpr std::size_t kMaxFreeBlocks = 64;

// How much room a block behind another takes of it. More would be much to copy when it has to grow.
constexpr std::size_t kMostShared = std::size_t{256} << 10;

// Of fixed size: giving back happens in destructors, which must not run out of memory.
struct FreeList {
  std::array<void*, kMaxFreeBlocks> blocks{};
  std::size_t count = 0;
  ~FreeList() {
    while (count > 0) ::operator delete(blocks[--count]);
  }
};

thread_local FreeList free_list;

// Serves allocate_shared, which asks for exactly one size: the block with its reference count.
template <typename T>
struct RecyclingAllocator {
  using value_type = T;
  RecyclingAllocator() = default;
  template <typename U>
  explicit RecyclingAllocator(const RecyclingAllocator<U>&) {}

  T* allocate(std::size_t) {
    if (free_list.count == 0) return static_cast<T*>(::operator new(sizeof(T)));
    return static_cast<T*>(free_list.blocks[--free_list.count]);
  }
  void deallocate(T* block, std::size_t) {
    if (free_list.count < kMaxFreeBlocks) {
      free_list.blocks[free_list.count++] = block;
    } else {
      ::operator delete(block);
    }
  }
  template <typename U>
  bool operator==(const RecyclingAllocator<U>&) const {
    return true;
  }
};

}  // namespace

// The inline bytes stay uninitialised: clearing 4 KiB a message would cost more than parsing it.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
Block::Block(std::size_t capacity) : data_(inline_), capacity_(kInlineCapacity) {
  if (capacity > kInlineCapacity) grow(capacity);
}

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
Block::Block(std::shared_ptr<Block> under, std::size_t begin)
    : size(under->size - begin),
      data_(under->data_ + begin),
      capacity_(std::min(under->capacity_ - begin, size + kMostShared)),
      under_(under->under_ ? under->under_ : std::move(under)) {}

std::shared_ptr<Block> Block::make(std::size_t capacity) {
  return std::allocate_shared<Block>(RecyclingAllocator<Block>(), capacity);
}

std::shared_ptr<Block> Block::behind(const std::shared_ptr<Block>& block, std::size_t begin) {
  const std::size_t rest = block->size - begin;
  const Block& owner = block->under_ ? *block->under_ : *block;
  if (rest == 0 || (owner.large_ && rest <= kInlineCapacity)) {
    auto moved = make();
    std::memcpy(moved->data_, block->data_ + begin, rest);
    moved->size = rest;
    return moved;
  }
  return std::allocate_shared<Block>(RecyclingAllocator<Block>(), block, begin);
}

Block::Move Block::grow(std::size_t capacity) {
  Move move{data_, size, data_};
  if (capacity <= capacity_) return move;
  auto* const grown = static_cast<char*>(std::realloc(large_.get(), capacity));
  if (grown == nullptr) throw std::bad_alloc();
  if (!large_) std::memcpy(grown, data_, size);
  static_cast<void>(large_.release());
  large_.reset(grown);
  under_.reset();
  data_ = grown;
  capacity_ = capacity;
  move.to = grown;
  for (protocol::HeaderField& field : fields) field = {move(field.name), move(field.value)};
  return move;
}

std::string_view Block::Move::operator()(std::string_view view) const {
  // Numbers, since nothing lies at the old pointers any more.
  const auto offset =
      reinterpret_cast<std::uintptr_t>(view.data()) - reinterpret_cast<std::uintptr_t>(from);
  if (view.data() == nullptr || offset > size || offset + view.size() > size) return view;
  return {to + offset, view.size()};
}

}  // namespace infergraph::engine
