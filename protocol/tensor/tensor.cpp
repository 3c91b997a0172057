#include "protocol/tensor/tensor.hpp"

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

bool is_complete(const Tensor& tensor) {
  const std::size_t count = tensor.is_constant ? 1 : count_of(tensor.shape);
  if (tensor.type == DataType::kBytes) return tensor.strings.size() == count;
  const std::size_t element = size_of(tensor.type);
  return element > 0 && tensor.data.size() / element == count;
}

std::size_t empty_lists_of(const std::vector<std::int64_t>& shape) {
  if (count_of(shape) != 0) return 0;
  std::size_t lists = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension == 0) return lists;
    if (__builtin_mul_overflow(lists, static_cast<std::size_t>(dimension), &lists)) {
      return std::numeric_limits<std::size_t>::max();
    }
  }
  return lists;
}

}  // namespace infergraph::protocol
