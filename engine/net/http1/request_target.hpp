#pragma once

#include <optional>
#include <string_view>

namespace infergraph::engine {

/// What a request asks for: the target without scheme and host, still percent-encoded.
struct RequestTarget {
  std::string_view path;   ///< up to '?'
  std::string_view query;  ///< what follows it; "" when there is none
};

/// Reads a request's target in the forms of RFC 9112 §3.2: origin-form, absolute-form (as proxies
/// send it; http and https), '*' of OPTIONS, host:port of CONNECT. Nothing when it is none of these
/// for that verb, names a user, has a fragment, or a '%' in its path that encodes nothing.
std::optional<RequestTarget> read_target(std::string_view verb, std::string_view target);

/// True for host and port as Host and absolute-form have them (RFC 9110 §7.2, RFC 3986 §3.2). An
/// empty host and empty labels are none, as for nginx.
bool is_host(std::string_view text);

}  // namespace infergraph::engine
