#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/api/router.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// What a method of gRPC asks the engine for.
enum class GrpcAction : std::uint8_t {
  kPredict,
  kFeedback,
  kModelStatus,
  kModelMetadata,
  kRootMetadata,   ///< of the root node
  kGraphMetadata,  ///< of the whole graph
  kServerLive,
  kServerReady,
  kServerMetadata,
};

struct GrpcMethod {
  std::string_view name;  ///< "/seldon.protos.Seldon/Predict"; lives for ever
  protocol::Protocol protocol;
  GrpcAction action;
  protocol::Operation operation = protocol::Operation::kPredict;
};

/// The unary methods that callers of these protocols have.
/// Sources: contract/protos.md §1, §3, §5.
std::vector<GrpcMethod> grpc_methods(const Protocols& protocols);

}  // namespace infergraph::engine
