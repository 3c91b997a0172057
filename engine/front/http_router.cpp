#include "engine/front/http_router.hpp"

#include <charconv>
#include <vector>

namespace infergraph::engine {
namespace {

RouteMatch match_api(std::string_view path, bool is_v1) {
  if (path == "predictions") return {Route::kPredictions, Verbs::kPost, {}};
  if (path == "feedback") return {Route::kFeedback, Verbs::kPost, {}};
  if (path.starts_with("doc/")) return {Route::kDoc, Verbs::kGet, {}};
  if (is_v1) {
    if (path == "metadata") return {Route::kGraphMetadata, Verbs::kGet, {}};
    if (path == "status" || path == "health/status") return {Route::kHealth, Verbs::kGet, {}};
  }
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view node = path.substr(slash + 1);
  if (node.empty() || node.find('/') != std::string_view::npos) return {};
  if (path.substr(0, slash) == "status") return {Route::kStatus, Verbs::kGet, node};
  if (path.substr(0, slash) == "metadata") return {Route::kMetadata, Verbs::kGet, node};
  return {};
}

}  // namespace

RouteMatch match_route(std::string_view path, std::string_view metrics_path) {
  constexpr std::string_view kV1 = "/api/v1.0/";
  constexpr std::string_view kV0 = "/api/v0.1/";
  if (path.starts_with(kV1)) return match_api(path.substr(kV1.size()), true);
  if (path.starts_with(kV0)) return match_api(path.substr(kV0.size()), false);
  if (path == metrics_path) return {Route::kMetrics, Verbs::kAny, {}};
  if (path == "/ready") return {Route::kReady, Verbs::kAny, {}};
  if (path == "/live") return {Route::kLive, Verbs::kAny, {}};
  if (path == "/ping") return {Route::kPing, Verbs::kAny, {}};
  return {};
}

bool allows(Verbs verbs, std::string_view verb) {
  if (verbs == Verbs::kAny || verb == "OPTIONS") return true;
  return verb == (verbs == Verbs::kGet ? "GET" : "POST");
}

std::string_view allowed(Verbs verbs) {
  if (verbs == Verbs::kAny) return {};
  return verbs == Verbs::kGet ? "GET,OPTIONS" : "OPTIONS,POST";
}

std::string clean_path(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
    at = end + 1;
  }
  std::string cleaned;
  for (const std::string_view segment : kept) cleaned.append("/").append(segment);
  if (is_folder || cleaned.empty()) cleaned += '/';
  return cleaned;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace infergraph::engine
