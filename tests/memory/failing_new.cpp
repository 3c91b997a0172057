#include "tests/memory/failing_new.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace infergraph::test {
namespace {

constinit std::atomic<std::int64_t> to_go{0};  // 0: none fails
constinit std::atomic<std::int64_t> live{0};
constinit thread_local bool exempt = false;

bool fails() {
  if (exempt || to_go.load(std::memory_order_relaxed) <= 0) return false;
  return to_go.fetch_sub(1, std::memory_order_relaxed) == 1;
}

void* allocate(std::size_t size, std::size_t alignment) {
  if (fails()) throw std::bad_alloc();
  if (size == 0) size = 1;
  void* const made =
      alignment <= alignof(std::max_align_t)
          ? std::malloc(size)
          : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (made == nullptr) throw std::bad_alloc();
  live.fetch_add(1, std::memory_order_relaxed);
  return made;
}

void release(void* memory) noexcept {
  if (memory == nullptr) return;
  live.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

void fail_allocation(std::uint64_t nth) { to_go = static_cast<std::int64_t>(nth); }
bool is_to_fail() { return to_go > 0; }
bool has_failed() { return to_go.exchange(0) <= 0; }
void exempt_this_thread(bool is_exempt) { exempt = is_exempt; }
std::int64_t live_allocations() { return live; }

}  // namespace infergraph::test

using infergraph::test::allocate;
using infergraph::test::release;

void* operator new(std::size_t size) { return allocate(size, 1); }
void* operator new[](std::size_t size) { return allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return allocate(size, 1);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { release(memory); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

#ifdef __SANITIZE_ADDRESS__
// Without memory for its list, libprotobuf loses the message or the string that it had made for it.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:google::protobuf::UnknownFieldSet\n"
         "leak:google::protobuf::internal::RepeatedPtrFieldBase::Add\n";
}
#endif
