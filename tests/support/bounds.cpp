#include "tests/support/bounds.hpp"

#include <malloc.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define INFERGRAPH_HAS_MALLOC_HOOKS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define INFERGRAPH_HAS_MALLOC_HOOKS 1
#endif
#ifdef INFERGRAPH_HAS_MALLOC_HOOKS
// As in sanitizer/allocator_interface.h, which GCC doesn't install.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, std::size_t),
                                              void (*on_free)(const volatile void*));
std::size_t __sanitizer_get_allocated_size(const volatile void* allocated);
}
#endif

namespace infergraph::fuzz {

namespace {

struct Heap {
  std::int64_t live = 0;
  std::int64_t peak = 0;
  std::int64_t total = 0;
};

// Nothing here may allocate.
constinit thread_local Heap heap;

void count_new(std::size_t size) {
  heap.live += static_cast<std::int64_t>(size);
  heap.total += static_cast<std::int64_t>(size);
  heap.peak = std::max(heap.peak, heap.live);
}

void count_free(std::size_t size) { heap.live -= static_cast<std::int64_t>(size); }

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

#ifdef INFERGRAPH_HAS_MALLOC_HOOKS
constexpr double kHeldTwice = 2;
#else
constexpr double kHeldTwice = 1;
#endif

// Factor on the bound of time; 0: none.
double patience() {
  const char* const preloaded = std::getenv("LD_PRELOAD");
  if (preloaded != nullptr && std::strstr(preloaded, "vgpreload") != nullptr) return 0;
#ifdef INFERGRAPH_LIBFUZZER
  return 1;
#else
  return 10;
#endif
}

}  // namespace

#ifdef INFERGRAPH_HAS_MALLOC_HOOKS

namespace {

[[maybe_unused]] const int kHooked = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t size) { count_new(size); },
    [](const volatile void* freed) {
      if (freed != nullptr) count_free(__sanitizer_get_allocated_size(freed));
    });

}  // namespace

#else

namespace {

void* counted(void* memory) {
  if (memory != nullptr) count_new(malloc_usable_size(memory));
  return memory;
}

void uncounted(void* memory) {
  if (memory != nullptr) count_free(malloc_usable_size(memory));
}

}  // namespace

#endif

Bounded::Bounded(const char* what, std::size_t came, const Bound& bound)
    : what_(what),
      came_(came),
      bound_(bound),
      live_(heap.live),
      total_(heap.total),
      outer_peak_(heap.peak),
      began_(processor_seconds()) {
  heap.peak = heap.live;
}

Bounded::~Bounded() {
  const double seconds = processor_seconds() - began_;
  // A sanitizer's realloc holds the old block and the new one for a moment.
  const auto peak = static_cast<double>(heap.peak - live_) / kHeldTwice;
  const auto total = static_cast<double>(heap.total - total_);
  heap.peak = std::max(heap.peak, outer_peak_);
  if (peak > bound_.peak.at(came_)) exceeded("bytes of heap", peak, bound_.peak.at(came_));
  if (total > bound_.total.at(came_)) {
    exceeded("bytes allocated", total, bound_.total.at(came_));
  }
  static const double kPatience = patience();
  const double most = kPatience * bound_.seconds.at(came_);
  if (most > 0 && seconds > most) exceeded("seconds", seconds, most);
}

void Bounded::made(std::size_t bytes) const {
  const auto found = static_cast<double>(bytes);
  if (found > bound_.made.at(came_)) exceeded("bytes made", found, bound_.made.at(came_));
}

void Bounded::exceeded(const char* which, double found, double most) const {
  std::fprintf(stderr, "fuzz: %s: %zu bytes came, and took %.9g %s, which is more than %.9g\n",
               what_, came_, found, which, most);
  std::abort();
}

}  // namespace infergraph::fuzz

#ifndef INFERGRAPH_HAS_MALLOC_HOOKS

// glibc's own, which ours stand before: for operator new, and for the C libraries.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* memory);

void* malloc(std::size_t size) noexcept { return infergraph::fuzz::counted(__libc_malloc(size)); }
void* calloc(std::size_t count, std::size_t size) noexcept {
  return infergraph::fuzz::counted(__libc_calloc(count, size));
}
void* realloc(void* memory, std::size_t size) noexcept {
  infergraph::fuzz::uncounted(memory);
  return infergraph::fuzz::counted(__libc_realloc(memory, size));
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return infergraph::fuzz::counted(__libc_memalign(alignment, size));
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  *memory = memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
void free(void* memory) noexcept {
  infergraph::fuzz::uncounted(memory);
  __libc_free(memory);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

#endif
