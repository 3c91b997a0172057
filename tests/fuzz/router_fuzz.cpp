// What a request line and a Host header may say. The first byte chooses verb and protocols. However
// a path is encoded, it has the same route, and no name of it can be taken for another path.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/api/router.hpp"
#include "engine/net/http1/request_target.hpp"
#include "engine/net/request_path.hpp"
#include "protocol/routes.hpp"

namespace {

using namespace infergraph::engine;
using infergraph::protocol::Protocol;

void demand(bool holds) {
  if (!holds) std::abort();
}

std::ptrdiff_t slashes(std::string_view path) { return std::count(path.begin(), path.end(), '/'); }

void check_name(std::string_view name) {
  if (name.empty()) return;
  demand(is_canonical(name) && is_well_encoded(name));
  demand(name.find('/') == std::string_view::npos && !is_dotted(name));
  demand(name.find_first_of(" \r\n\t?#") == std::string_view::npos);
  // What a node is sent means what the caller meant.
  demand(infergraph::protocol::percent_decoded(canonical_path(name)) ==
         infergraph::protocol::percent_decoded(name));
}

void check_route(std::string_view verb, std::string_view path, const Protocols& protocols) {
  std::string buffer;
  std::string other;
  const std::string canonical = canonical_path(path);
  const RouteMatch match = match_route(verb, path, "/prometheus", protocols, buffer);
  const RouteMatch again = match_route(verb, canonical, "/prometheus", protocols, other);
  demand(match.what == again.what && match.verbs == again.verbs &&
         match.protocol == again.protocol && match.operation == again.operation);
  demand(match.node == again.node && match.version == again.version);
  check_name(match.node);
  if (!match.version.empty()) check_name(match.version.substr(match.version.rfind('/') + 1));
}

void check_path(std::string_view path) {
  const std::string canonical = canonical_path(path);
  demand(is_canonical(canonical) && canonical_path(canonical) == canonical);
  demand(slashes(canonical) == slashes(path) && canonical.size() <= 3 * path.size());
  demand(!is_canonical(path) || canonical == path);
  const std::string clean = clean_path(path);
  demand(clean.starts_with('/') && clean_path(clean) == clean && clean.size() <= path.size() + 1);
  demand(clean.find("//") == std::string::npos);
  for (std::size_t at = 1; at < clean.size();) {
    const auto end = std::min(clean.find('/', at), clean.size());
    demand(!is_dotted(std::string_view(clean).substr(at, end - at)));
    at = end + 1;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr std::array<std::string_view, 8> kVerbs = {"GET",     "POST",  "OPTIONS", "HEAD",
                                                      "CONNECT", "TRACE", "PUT",     ""};
  const std::string_view verb = kVerbs[data[0] & 7];
  Protocols protocols;
  if ((data[0] & 8) != 0) protocols.push_back(Protocol::kTensorflow);
  if ((data[0] & 16) != 0) protocols.push_back(Protocol::kV2);
  if ((data[0] & 32) != 0 || protocols.empty()) protocols.push_back(Protocol::kSeldon);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

  check_path(text);
  // Nothing else gets as far as the router.
  const bool has_nul = text.find('\0') != std::string_view::npos;
  if (is_well_encoded(text) && !has_nul) check_route(verb, text, protocols);
  if (const auto target = read_target(verb, text)) {
    demand(verb == "CONNECT" || target->path == "*" || target->path.starts_with('/'));
    demand(is_well_encoded(target->path) && text.find('#') == std::string_view::npos);
    demand(target->path.find('?') == std::string_view::npos);
    if (!has_nul) check_route(verb, target->path, protocols);
  }
  if (is_host(text)) {
    demand(!text.empty() && text.find_first_of("/@?#\\ \t\r\n\"<>") == std::string_view::npos);
    demand(read_target("GET", "http://" + std::string(text) + "/x")->path == "/x");
  }
  return 0;
}
