#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// What gzip text (RFC 1952, one member or several) unpacks to.
/// Errors: kTooLarge for more than `limit` bytes, before they are unpacked; kBadUpstream for what
/// is malformed, truncated or followed by other bytes.
Result<std::string> gunzip(std::string_view bytes, std::size_t limit);

/// The same for `Content-Encoding: deflate`: zlib (RFC 1950), or bare deflate, which some send.
Result<std::string> inflate_deflate(std::string_view bytes, std::size_t limit);

/// `payload` without its content encoding: itself for identity, unpacked for gzip, x-gzip, deflate.
/// Owns: keeps the old payload alive, whose content type and headers it goes on borrowing.
/// Errors: those of gunzip; kBadUpstream for any other encoding.
Result<Payload> decoded(const Payload& payload, std::size_t limit);

}  // namespace infergraph::protocol
