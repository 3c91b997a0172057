#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace infergraph::engine {

/// What a path of protocol seldon stands for (design §6).
enum class Route : std::uint8_t {
  kUnknown,
  kPredictions,
  kFeedback,
  kStatus,         ///< of a node
  kMetadata,       ///< of a node
  kGraphMetadata,  ///< of the whole graph
  kHealth,         ///< readiness under its API names
  kReady,
  kLive,
  kPing,
  kMetrics,
  kDoc,
};

/// Which verbs a route takes.
enum class Verbs : std::uint8_t { kAny, kGet, kPost };

struct RouteMatch {
  Route route = Route::kUnknown;
  Verbs verbs = Verbs::kAny;
  std::string_view node;  ///< percent-encoded, for kStatus and kMetadata
};

/// Finds the route of `path`, which has no query.
RouteMatch match_route(std::string_view path, std::string_view metrics_path);

/// True when the verb may be used on it; OPTIONS always may.
bool allows(Verbs verbs, std::string_view verb);
/// For Allow and Access-Control-Allow-Methods; "" for kAny.
std::string_view allowed(Verbs verbs);

/// The path without empty, "." and ".." segments, as the reference redirects to.
std::string clean_path(std::string_view path);
/// %41 becomes A; what isn't a valid escape stays.
std::string percent_decoded(std::string_view text);

}  // namespace infergraph::engine
