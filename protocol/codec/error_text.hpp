#pragma once

#include <cstddef>
#include <string>

#include "protocol/payload.hpp"

namespace infergraph::protocol {

/// What a node's error body says, for people: `error` of protocols tensorflow and v2, `status.info`
/// of seldon, else the body itself as far as it is text; at most `most` bytes of it.
std::string error_text(const Payload& body, std::size_t most);

}  // namespace infergraph::protocol
