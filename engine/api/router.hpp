#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/asked.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// Which verbs a route takes.
enum class Verbs : std::uint8_t { kAny, kGet, kPost };

struct RouteMatch {
  Asked what = Asked::kUnknown;
  Verbs verbs = Verbs::kAny;
  std::string_view node;  ///< or model, as canonical_path() has it; empty when the path has none
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  protocol::Operation operation = protocol::Operation::kPredict;
  std::string_view version;  ///< "/versions/3", "/labels/stable", likewise; mostly empty
};

/// What callers may speak.
using Protocols = std::vector<protocol::Protocol>;

/// Finds the route of `path`, which has no query and is well encoded. It is split at '/', then each
/// segment is decoded and matched, so that "%2F" never makes a segment; names that are "." or ".."
/// are none. `verb` tells a model called "infer" from inference. `canonical` gets the path with its
/// names encoded anew when it wasn't canonical, and is viewed by what is returned.
RouteMatch match_route(std::string_view verb, std::string_view path, std::string_view metrics_path,
                       const Protocols& protocols, std::string& canonical);

/// Which protocol would have a route for a path that has none by those that are `served`, if any.
std::optional<protocol::Protocol> unserved_protocol(std::string_view verb, std::string_view path,
                                                    const Protocols& served);

/// True when the verb may be used on it; OPTIONS always may, CONNECT and TRACE never.
bool allows(Verbs verbs, std::string_view verb);
/// For Allow and Access-Control-Allow-Methods.
std::string_view allowed(Verbs verbs);

}  // namespace infergraph::engine
