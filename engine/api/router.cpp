#include "engine/api/router.hpp"

#include <algorithm>

#include "engine/net/request_path.hpp"

namespace infergraph::engine {
namespace {

// A name that can't be taken for a part of a path, wherever it goes on to.
bool is_segment(std::string_view text) {
  return !text.empty() && text.find('/') == std::string_view::npos && !is_dotted(text);
}

RouteMatch match_api(std::string_view path, bool is_v1) {
  if (path == "predictions") return {Asked::kPredictions, Verbs::kPost, {}};
  if (path == "feedback") return {Asked::kFeedback, Verbs::kPost, {}};
  if (path.starts_with("doc/")) return {Asked::kDoc, Verbs::kGet, {}};
  if (is_v1) {
    if (path == "metadata") return {Asked::kGraphMetadata, Verbs::kGet, {}};
    if (path == "status" || path == "health/status") return {Asked::kHealth, Verbs::kGet, {}};
  }
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return {};
  const std::string_view node = path.substr(slash + 1);
  if (!is_segment(node)) return {};
  if (path.substr(0, slash) == "status") return {Asked::kStatus, Verbs::kGet, node};
  if (path.substr(0, slash) == "metadata") return {Asked::kMetadata, Verbs::kGet, node};
  return {};
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Takes the model off the front of `path`, "/m…", and with it a version or a label.
bool take_model(std::string_view& path, bool has_labels, RouteMatch& match) {
  if (!path.starts_with('/')) return false;
  path.remove_prefix(1);
  std::size_t end = std::min(path.find('/'), path.size());
  match.node = path.substr(0, end);
  path.remove_prefix(end);
  constexpr std::string_view kVersions = "/versions/";
  constexpr std::string_view kLabels = "/labels/";
  const bool labelled = has_labels && path.starts_with(kLabels);
  if (!labelled && !path.starts_with(kVersions)) return is_segment(match.node);
  const std::size_t name_at = labelled ? kLabels.size() : kVersions.size();
  end = std::min(path.find('/', name_at), path.size());
  match.version = path.substr(0, end);
  const std::string_view name = path.substr(name_at, end - name_at);
  path.remove_prefix(end);
  return is_segment(match.node) && is_segment(name) && (labelled || !has_labels || is_digits(name));
}

// `path` is what follows /v1/models.
RouteMatch match_tensorflow(std::string_view path) {
  using protocol::Operation;
  RouteMatch match{Asked::kUnknown, Verbs::kGet, {}, protocol::Protocol::kTensorflow};
  const std::size_t colon = path.rfind(':');
  if (colon != std::string_view::npos) {
    const std::string_view verb = path.substr(colon + 1);
    if (verb == "classify") {
      match.operation = Operation::kClassify;
    } else if (verb == "regress") {
      match.operation = Operation::kRegress;
    } else if (verb != "predict") {
      return {};
    }
    path = path.substr(0, colon);
    if (path.ends_with('/')) path.remove_suffix(1);
    match.what = Asked::kPredictions;
    match.verbs = Verbs::kPost;
    if (path.empty()) return match;
    return take_model(path, true, match) && path.empty() ? match : RouteMatch{};
  }
  if (!take_model(path, true, match)) return {};
  if (!path.empty() && path != "/metadata") return {};
  match.what = path.empty() ? Asked::kStatus : Asked::kMetadata;
  return match;
}

// `path` is what follows /v2.
RouteMatch match_v2(std::string_view verb, std::string_view path) {
  RouteMatch match{Asked::kUnknown, Verbs::kGet, {}, protocol::Protocol::kV2};
  const auto found = [&match](Asked what, Verbs verbs) {
    match.what = what;
    match.verbs = verbs;
    return match;
  };
  if (path.empty() || path == "/") return found(Asked::kServerMetadata, Verbs::kGet);
  if (path == "/health/live") return found(Asked::kLive, Verbs::kGet);
  if (path == "/health/ready") return found(Asked::kReady, Verbs::kGet);
  if (path.starts_with("/docs/")) return found(Asked::kDoc, Verbs::kGet);
  constexpr std::string_view kModels = "/models";
  if (!path.starts_with(kModels)) return {};
  path.remove_prefix(kModels.size());
  if (path == "/infer" && verb != "GET") return found(Asked::kPredictions, Verbs::kPost);
  if (!take_model(path, false, match)) return {};
  if (path.empty()) return found(Asked::kMetadata, Verbs::kGet);
  if (path == "/ready") return found(Asked::kStatus, Verbs::kGet);
  if (path == "/infer") return found(Asked::kPredictions, Verbs::kPost);
  return {};
}

bool has(const Protocols& protocols, protocol::Protocol protocol) {
  return std::find(protocols.begin(), protocols.end(), protocol) != protocols.end();
}

// `path` is canonical but for bytes of names.
RouteMatch match_canonical(std::string_view verb, std::string_view path,
                           std::string_view metrics_path, const Protocols& protocols) {
  constexpr std::string_view kV1 = "/api/v1.0/";
  constexpr std::string_view kV0 = "/api/v0.1/";
  constexpr std::string_view kTensorflow = "/v1/models";
  constexpr std::string_view kV2 = "/v2";
  if (path.starts_with(kV1) || path.starts_with(kV0)) {
    RouteMatch match = match_api(path.substr(kV1.size()), path.starts_with(kV1));
    if (has(protocols, protocol::Protocol::kSeldon)) return match;
    match.protocol = protocols.front();
    const bool others = match.what == Asked::kFeedback || match.what == Asked::kDoc;
    if (others) return match;
    RouteMatch none;
    none.protocol = protocols.front();
    return none;
  }
  if (path == metrics_path) return {Asked::kMetrics, Verbs::kAny, {}};
  if (path == "/ready") return {Asked::kReady, Verbs::kAny, {}};
  if (path == "/live") return {Asked::kLive, Verbs::kAny, {}};
  if (path == "/ping") return {Asked::kPing, Verbs::kAny, {}};
  RouteMatch match;
  match.protocol = protocols.front();
  if (path.starts_with("/v1/") && has(protocols, protocol::Protocol::kTensorflow)) {
    if (path.starts_with(kTensorflow)) match = match_tensorflow(path.substr(kTensorflow.size()));
    match.protocol = protocol::Protocol::kTensorflow;
  } else if ((path == kV2 || path.starts_with("/v2/")) && has(protocols, protocol::Protocol::kV2)) {
    match = match_v2(verb, path.substr(kV2.size()));
    match.protocol = protocol::Protocol::kV2;
  }
  return match;
}

}  // namespace

RouteMatch match_route(std::string_view verb, std::string_view path, std::string_view metrics_path,
                       const Protocols& protocols, std::string& canonical) {
  // Of the whole server, which has nothing more to say (RFC 9110 §9.3.7).
  if (path == "*") return {Asked::kLive, Verbs::kAny, {}};
  if (path.find('%') == std::string_view::npos) {
    RouteMatch match = match_canonical(verb, path, metrics_path, protocols);
    // A name goes on to nodes, so bytes that have no place in a path are escaped first.
    if (is_canonical(match.node) && is_canonical(match.version)) return match;
  }
  canonical = canonical_path(path);
  return match_canonical(verb, canonical, metrics_path, protocols);
}

std::optional<protocol::Protocol> unserved_protocol(std::string_view verb, std::string_view path,
                                                    const Protocols& served) {
  using protocol::Protocol;
  for (const Protocol other : {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2}) {
    if (has(served, other)) continue;
    std::string canonical;
    if (match_route(verb, path, "", {other}, canonical).what != Asked::kUnknown) return other;
  }
  return std::nullopt;
}

bool allows(Verbs verbs, std::string_view verb) {
  // These two are for proxies and would have to be understood (RFC 9110 §9.3.6, §9.3.8).
  if (verb == "CONNECT" || verb == "TRACE") return false;
  if (verbs == Verbs::kAny || verb == "OPTIONS") return true;
  return verb == (verbs == Verbs::kGet ? "GET" : "POST");
}

std::string_view allowed(Verbs verbs) {
  if (verbs == Verbs::kAny) return "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT";
  return verbs == Verbs::kGet ? "GET,OPTIONS" : "OPTIONS,POST";
}

}  // namespace infergraph::engine
