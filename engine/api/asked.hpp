#pragma once

#include <cstdint>

namespace infergraph::engine {

/// What the engine is asked for, over REST or gRPC. Sources: docs/wire/engine.md §3,
/// docs/wire/tensorflow.md §1, §9, docs/wire/v2.md §4, §5, docs/wire/seldon.md §1.
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
