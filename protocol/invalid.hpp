#pragma once

#include <string>
#include <utility>

#include "protocol/status.hpp"

namespace infergraph::protocol {

/// What a codec says of a message that can't be read, or has no place in the protocol it is to go.
inline Status invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

}  // namespace infergraph::protocol
