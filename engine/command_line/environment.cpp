#include "engine/command_line/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace infergraph::engine {
namespace {

constexpr std::array<std::string_view, 3> kTransports = {"TCP", "UDP", "SCTP"};

// Takes "_8000_TCP" off the front of what follows "_PORT".
bool take_port(std::string_view& text) {
  if (!text.starts_with('_')) return false;
  const auto digits = text.find_first_not_of("0123456789", 1);
  if (digits == 1 || digits == std::string_view::npos || text[digits] != '_') return false;
  text.remove_prefix(digits + 1);
  for (const std::string_view transport : kTransports) {
    if (!text.starts_with(transport)) continue;
    text.remove_prefix(transport.size());
    return true;
  }
  return false;
}

}  // namespace

Environment process_environment() {
  Environment::Variables variables;
  for (char** next = environ; next != nullptr && *next != nullptr; ++next) {
    const std::string_view entry(*next);
    const auto equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    // As getenv: the first of several counts.
    variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

bool is_service_link(std::string_view name, std::string_view value) {
  if (name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") ||
      name.find("_SERVICE_PORT_") != std::string_view::npos) {
    return true;
  }
  if (name.ends_with("_PORT") && value.find("://") != std::string_view::npos) return true;
  // A Service's own name may have a _PORT_ in it too.
  for (auto at = name.find("_PORT_"); at != std::string_view::npos; at = name.find("_PORT_", at)) {
    at += std::string_view("_PORT").size();
    std::string_view rest = name.substr(at);
    if (take_port(rest) && (rest.empty() || rest == "_PROTO" || rest == "_PORT" || rest == "_ADDR"))
      return true;
  }
  return false;
}

}  // namespace infergraph::engine
