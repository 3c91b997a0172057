#pragma once

#include <string>
#include <string_view>

#include "protocol/payload.hpp"

namespace infergraph::engine {

/// A body for people to read: one in proto as the JSON of the request or the answer of the gRPC
/// method `path`, any other as it stands, as does what isn't that message. Threads: any.
std::string message_text(const protocol::Payload& body, std::string_view path, bool is_answer);

}  // namespace infergraph::engine
