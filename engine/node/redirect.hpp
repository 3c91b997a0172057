#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace infergraph::engine {

/// Where a redirect leads, if that is the host and port that sent it: path and query, as a request
/// line has them. `location` is the header's value, absolute or relative to `path`, which was asked
/// of `host` and `port`.
/// Nothing for another host, port or scheme, for credentials, and for what is no reference.
/// Source: RFC 3986 §5, RFC 9110 §10.2.2. Threads: any.
std::optional<std::string> redirect_target(std::string_view location, std::string_view path,
                                           std::string_view host, std::uint16_t port);

}  // namespace infergraph::engine
