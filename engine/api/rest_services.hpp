#pragma once

#include <array>
#include <cstddef>

#include "engine/api/ask.hpp"
#include "engine/api/core.hpp"

namespace infergraph::engine {

/// What requests of REST count as: the labels of the server's metrics (docs/wire/engine.md §6).
inline constexpr std::array kRestServices = {
    CountedService{"predictions", "post"},
    CountedService{"feedback", "post"},
    CountedService{"status", "get"},
    CountedService{"metadata", "get"},
};

/// Which of kRestServices it counts as, or Ask::kUncounted.
constexpr std::size_t rest_service_of(Asked what, protocol::Protocol protocol) {
  switch (what) {
    case Asked::kPredictions:
      return 0;
    case Asked::kFeedback:
      return 1;
    case Asked::kStatus:
    case Asked::kHealth:
      return 2;
    case Asked::kReady:
      // The protocol's own, /v2/health/ready; not the kubelet's /ready.
      return protocol == protocol::Protocol::kV2 ? 2 : Ask::kUncounted;
    case Asked::kMetadata:
    case Asked::kRootMetadata:
    case Asked::kGraphMetadata:
      return 3;
    case Asked::kServerMetadata:
    case Asked::kUnknown:
    case Asked::kLive:
    case Asked::kPing:
    case Asked::kMetrics:
    case Asked::kDoc:
      break;
  }
  return Ask::kUncounted;
}

}  // namespace infergraph::engine
