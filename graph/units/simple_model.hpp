#pragma once

#include <cstddef>

#include "graph/units/built_in.hpp"

namespace infergraph::graph {

/// SIMPLE_MODEL: answers strData and binData with themselves and anything else, no body included,
/// with three classes of fixed probabilities; each with the same three metrics in meta.
/// Acts on predict and transform-input.
/// Errors: kInvalidArgument for a body that isn't JSON, kTooLarge for one that unpacks to more than
/// `max_decoded` bytes.
class SimpleModel final : public BuiltInUnit {
 public:
  explicit SimpleModel(std::size_t max_decoded) : max_decoded_(max_decoded) {}

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload message,
                                                      CallContext& context) override;

 private:
  std::size_t max_decoded_;
};

}  // namespace infergraph::graph
