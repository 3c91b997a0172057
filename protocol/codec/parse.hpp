#pragma once

#include <google/protobuf/message.h>

#include <string_view>

namespace infergraph::protocol {

/// Parses `wire` into `message`; false when it is malformed, nests deeper than protobuf reads, or
/// is longer than 2 GiB. Protobuf's own log stays silent: a peer's bad message is no news.
bool parse(std::string_view wire, google::protobuf::Message& message);

/// True if `wire` is refused only because it nests deeper than protobuf reads.
bool is_too_deep(std::string_view wire, const google::protobuf::Message& prototype);

}  // namespace infergraph::protocol
