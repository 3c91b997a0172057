#pragma once

#include <cstdint>

namespace infergraph::engine {

/// What the engine is asked for, over REST or gRPC. Sources: design §6, contract/tfserving_rest.md
/// §1, contract/openinference_rest.md §4, contract/protos.md §1, §3, §5.
enum class Asked : std::uint8_t {
  kUnknown,
  kPredictions,
  kFeedback,
  kStatus,          ///< of a node or its model
  kMetadata,        ///< of a node or its model
  kRootMetadata,    ///< of the root node
  kServerMetadata,  ///< of protocol v2
  kGraphMetadata,   ///< of the whole graph
  kHealth,          ///< readiness under its API names
  kReady,
  kLive,
  kPing,
  kMetrics,
  kDoc,
};

}  // namespace infergraph::engine
