#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "protocol/payload.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"

namespace infergraph::protocol {

/// What the two readers of codec.hpp have in common, and they themselves.

Result<Message> read_seldon_json(const Payload& payload);
Result<Message> read_seldon_proto(const Payload& payload);
RequestTraits read_seldon_proto_traits(std::string_view wire);

/// What of a request's meta, a JSON object, goes into its answer's; "{}" for none.
/// Source: docs/wire/seldon.md §8.
std::string kept_meta(std::string_view meta);

/// `message` with `tensor`, or why there is none.
inline Result<Message> with_tensor(Message& message, Result<Tensor> tensor) {
  if (!tensor) return tensor.error();
  message.tensors.push_back(*std::move(tensor));
  return std::move(message);
}

}  // namespace infergraph::protocol
