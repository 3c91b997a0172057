#pragma once

#include <string_view>
#include <vector>

#include "engine/api/asked.hpp"
#include "engine/api/router.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

struct GrpcMethod {
  std::string_view name;  ///< "/seldon.protos.Seldon/Predict"; lives for ever
  protocol::Protocol protocol;
  Asked what;
  protocol::Operation operation = protocol::Operation::kPredict;
};

/// The unary methods that callers of these protocols have.
/// Sources: docs/wire/seldon.md §2, docs/wire/tensorflow.md §9, docs/wire/v2.md §5.
std::vector<GrpcMethod> grpc_methods(const Protocols& protocols);

}  // namespace infergraph::engine
