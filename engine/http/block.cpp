#include "engine/http/block.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <vector>

namespace infergraph::engine {
namespace {

// Blocks wait here for the next message. The bound keeps a burst from holding memory for ever.
constexpr std::size_t kMaxFreeBlocks = 64;

struct FreeList {
  std::vector<void*> blocks;
  ~FreeList() {
    for (void* block : blocks) ::operator delete(block);
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
    if (free_list.blocks.empty()) return static_cast<T*>(::operator new(sizeof(T)));
    void* block = free_list.blocks.back();
    free_list.blocks.pop_back();
    return static_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t) {
    if (free_list.blocks.size() < kMaxFreeBlocks) {
      free_list.blocks.push_back(block);
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
Block::Block(std::size_t capacity) : capacity_(std::max(capacity, kInlineCapacity)) {
  if (capacity_ > kInlineCapacity) large_ = std::make_unique_for_overwrite<char[]>(capacity_);
}

std::shared_ptr<Block> Block::make(std::size_t capacity) {
  return std::allocate_shared<Block>(RecyclingAllocator<Block>(), capacity);
}

std::shared_ptr<Block> Block::grown(std::size_t capacity) const {
  auto copy = make(capacity);
  std::memcpy(copy->data(), data(), size);
  copy->size = size;
  copy->kept_ = kept_;
  copy->fields.reserve(fields.size());
  for (const protocol::HeaderField& field : fields) {
    copy->fields.push_back({moved_view(field.name, *copy), moved_view(field.value, *copy)});
  }
  return copy;
}

std::string_view Block::moved_view(std::string_view view, const Block& other) const {
  const std::less_equal<const char*> not_after;
  if (not_after(data(), view.data()) && not_after(view.data() + view.size(), data() + size)) {
    return {other.data() + (view.data() - data()), view.size()};
  }
  for (auto kept = kept_.begin(), twin = other.kept_.begin(); kept != kept_.end(); ++kept, ++twin) {
    if (view.data() == kept->data()) return *twin;
  }
  return view;
}

}  // namespace infergraph::engine
