#pragma once

#include <limits>
#include <type_traits>
#include <utility>

namespace infergraph {

/// `value` as another kind of integer, or the nearest that it has: how a limit reaches a library
/// that counts in fewer bits, where a plain cast would make a large limit a small one.
template <typename To, typename From>
constexpr To saturated(From value) {
  static_assert(std::is_integral_v<To> && std::is_integral_v<From>);
  if (std::cmp_less(value, std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  if (std::cmp_greater(value, std::numeric_limits<To>::max()))
    return std::numeric_limits<To>::max();
  return static_cast<To>(value);
}

}  // namespace infergraph
