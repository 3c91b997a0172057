#pragma once

#include <string>
#include <string_view>

#include "protocol/protocol.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// The model that a request over gRPC for a model's status or metadata names:
/// SeldonModelMetadataRequest, tensorflow's with a model_spec, v2's with a name. Empty when it
/// names none. Errors: kInvalidArgument for a malformed message.
Result<std::string> read_model_name(Protocol protocol, std::string_view wire);

}  // namespace infergraph::protocol
