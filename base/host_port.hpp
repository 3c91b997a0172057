#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace infergraph {

/// "localhost:9000", "127.0.0.1:9000", "[::1]:9000".
inline std::string host_port(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != std::string_view::npos;
  std::string made(is_ipv6 ? "[" : "");
  made.append(host).append(is_ipv6 ? "]:" : ":");
  return made.append(std::to_string(port));
}

}  // namespace infergraph
