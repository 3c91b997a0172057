#pragma once

#include <cstddef>

namespace infergraph::protocol {

/// Bytes that a message may have where no flag says otherwise: --max_header_bytes' default, or of
/// all metadata of a gRPC message.
inline constexpr std::size_t kMaxHead = std::size_t{64} << 10;
/// The same of its body, --max_body_bytes' default; a packed one may unpack to as much.
inline constexpr std::size_t kMaxBody = std::size_t{128} << 20;

}  // namespace infergraph::protocol
