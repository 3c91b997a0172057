#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/payload.hpp"

namespace infergraph::engine {

/// True for the keys of a caller's gRPC metadata, or the headers of a REST one, that go on to a
/// gRPC node: all but those that belong to the connection, to the message's encoding or to gRPC
/// itself. `key` in any case.
bool is_end_to_end(std::string_view key);

/// Whether an entry of a gRPC caller is what gRPC allows: a key in lower case without odd
/// characters, and printable ASCII under it unless the key ends in "-bin".
bool is_legal(const protocol::HeaderField& entry);

/// One entry as gRPC takes it: the key in lower case, the value checked; the bytes themselves under
/// a key that ends in "-bin", whose text in HTTP is base64. False when gRPC can't carry it.
bool to_metadata(const protocol::HeaderField& header, std::string& key, std::string& value);

}  // namespace infergraph::engine
