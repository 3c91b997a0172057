#pragma once

#include "protocol/convert/convert.hpp"
#include "protocol/payload.hpp"
#include "protocol/role.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"

namespace infergraph::protocol {

/// The codec for a message, chosen by its protocol and encoding. Payloads are plain. A fourth
/// protocol comes in here. Errors: those of the codecs.

/// What came from a node is an answer.
Role role_of(const Payload& payload);

Result<Message> read_message(const Payload& payload);
Result<Payload> write_message(Message& message, const Target& target, const RequestTraits& traits);

/// What an answer takes over from `request`.
RequestTraits read_traits(const Payload& request);

/// An answer as the next request of the same protocol and encoding, its tensors unread. Not for
/// seldon, where it is the request already.
Result<Payload> chain_message(const Payload& answer, const Target& target);

}  // namespace infergraph::protocol
