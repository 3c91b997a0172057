#pragma once

#include <cstdint>

namespace infergraph::protocol {

/// What is odd about a router's answer that is taken all the same, as the reference takes it.
enum class RouteOddity : std::uint8_t {
  kNone,
  kFraction,  ///< [[1.9]]: cut to its whole part
  kNoData,    ///< {"data":{}}: all children
};

}  // namespace infergraph::protocol
