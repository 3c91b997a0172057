#pragma once

#include <cstddef>
#include <string>

#include "protocol/payload.hpp"

namespace infergraph::protocol {

/// What a node's error body says, for people: `error` of protocols tensorflow and v2, `status.info`
/// of seldon, else the body itself; at most `most` bytes of it, as UTF-8.
std::string error_text(const Payload& body, std::size_t most);

}  // namespace infergraph::protocol
