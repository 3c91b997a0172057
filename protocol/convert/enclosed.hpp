#pragma once

#include "protocol/convert/convert.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"

namespace infergraph::protocol {

/// Messages of other protocols inside SeldonMessages: jsonData that is a body of the target's
/// protocol over REST, customData that is its message over gRPC. Source:
/// docs/wire/seldon.md §8. Errors: as convert()'s.

/// The request in `message`'s jsonData, an object, as `target` has it.
Result<Payload> from_json_data(const Message& message, const Target& target);
/// `answer`, to a request of jsonData, as a SeldonMessage in the target's encoding.
Result<Payload> to_json_data(const Payload& answer, const Target& target,
                             const RequestTraits& traits);

/// The same for customData, whose model is then the one that is asked.
Result<Payload> from_custom_data(const Message& message, const Target& target);
Result<Payload> to_custom_data(const Payload& answer, const Target& target,
                               const RequestTraits& traits);

}  // namespace infergraph::protocol
