#pragma once

#include <google/protobuf/message.h>

#include <string_view>

namespace infergraph::protocol {

/// Parses `wire` into `message`; false when it is malformed, nests deeper than protobuf reads, is
/// longer than 2 GiB, or would take more memory than the message may cost (protocol/work.hpp), as
/// one of nothing but empty fields does. Protobuf's own log stays silent: a peer's bad message is
/// no news.
bool parse(std::string_view wire, google::protobuf::Message& message);

/// True if `wire` is refused only because it nests deeper than protobuf reads.
bool is_too_deep(std::string_view wire, const google::protobuf::Message& prototype);

}  // namespace infergraph::protocol
