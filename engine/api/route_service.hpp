#pragma once

#include <string_view>

#include "engine/api/router.hpp"

namespace infergraph::engine {

/// What a route's requests count as: the label `service` of the server's metrics (design §8); ""
/// for what isn't counted.
constexpr std::string_view service_of(Route route, protocol::Protocol protocol) {
  switch (route) {
    case Route::kPredictions:
      return "predictions";
    case Route::kFeedback:
      return "feedback";
    case Route::kStatus:
    case Route::kHealth:
      return "status";
    case Route::kReady:
      // The protocol's own, /v2/health/ready; not the kubelet's /ready.
      return protocol == protocol::Protocol::kV2 ? "status" : "";
    case Route::kMetadata:
    case Route::kGraphMetadata:
      return "metadata";
    case Route::kServerMetadata:
    case Route::kUnknown:
    case Route::kLive:
    case Route::kPing:
    case Route::kMetrics:
    case Route::kDoc:
      break;
  }
  return "";
}

}  // namespace infergraph::engine
