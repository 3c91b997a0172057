#include "protocol/tensor.hpp"

#include <limits>

namespace infergraph::protocol {

std::size_t count_of(const std::vector<std::int64_t>& shape) {
  constexpr std::size_t kOverflow = std::numeric_limits<std::size_t>::max();
  std::size_t count = 1;
  bool overflow = false;
  bool empty = false;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return kOverflow;
    empty |= dimension == 0;
    overflow |= __builtin_mul_overflow(count, static_cast<std::size_t>(dimension), &count);
  }
  if (empty) return 0;
  return overflow ? kOverflow : count;
}

bool has_too_many_empty_lists(const std::vector<std::int64_t>& shape) {
  constexpr std::size_t kMost = 100'000;
  if (count_of(shape) != 0) return false;
  std::size_t lists = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension == 0) return false;
    if (__builtin_mul_overflow(lists, static_cast<std::size_t>(dimension), &lists)) return true;
    if (lists > kMost) return true;
  }
  return false;
}

}  // namespace infergraph::protocol
