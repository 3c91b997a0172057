#include "engine/api/rest.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.hpp"
#include "engine/api/doc_page.hpp"
#include "engine/api/rest_services.hpp"
#include "engine/net/request_path.hpp"
#include "graph/work_place.hpp"
#include "metrics/exposition.hpp"
#include "protocol/gzip_writer.hpp"
#include "protocol/json/json.hpp"
#include "protocol/v2/json_size.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::HeaderField;
using protocol::Payload;
using protocol::Protocol;
using protocol::Status;

namespace {

// A node's headers that the engine answers with its own value for.
bool is_our_own(std::string_view name, bool cloud_event) {
  switch (name.size()) {
    case 4:
      return same_name(name, "Date");
    case 5:
      return cloud_event && same_name(name, "Ce-Id");
    case 7:
      return cloud_event && (same_name(name, "Ce-Path") || same_name(name, "Ce-Type"));
    case 9:
      return cloud_event && same_name(name, "Ce-Source");
    case 11:
      return same_name(name, kPuidHeader);
    case 14:
      return cloud_event && same_name(name, "Ce-Specversion");
    case 18:
      return same_name(name, kFailedNodeHeader);
    case 22:
      return same_name(name, "X-Content-Type-Options");
    case 27:
      return same_name(name, "Access-Control-Allow-Origin");
    case 28:
      return same_name(name, "Access-Control-Allow-Headers") ||
             same_name(name, "Access-Control-Allow-Methods");
    default:
      return false;
  }
}

// What the metrics of a node come to, about: with the first calls to it they are there.
constexpr std::size_t kPageBytesOfNode = 3000;

// Where the binary part of a v2 request begins, as its header says; or what is wrong with that.
// Source: docs/wire/v2.md §3.
std::optional<Status> find_binary(const HttpRequest& http, Payload& body) {
  bool present = false;
  const std::string_view text = http.header(protocol::kJsonSizeHeader, &present);
  if (!present) return std::nullopt;
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Status(Code::kInvalidArgument, "Unable to parse Inference-Header-Content-Length, got: " +
                                              protocol::json::excerpt(text));
  }
  // Of a packed body the size isn't known yet.
  if (size > body.size() && body.content_encoding().empty()) {
    return Status(Code::kInvalidArgument, "inference header size should be in range (0, " +
                                              std::to_string(body.size()) +
                                              "), got: " + std::to_string(size));
  }
  body.set_json_size(size);
  return std::nullopt;
}

// All headers of that name as one, as lists may be written.
std::string joined(const HttpRequest& http, std::string_view name) {
  std::string list;
  for (const protocol::HeaderField& field : http.headers) {
    if (!same_name(field.name, name)) continue;
    if (!list.empty()) list += ',';
    list += field.value;
  }
  return list;
}

Payload text_payload(std::string text, std::string_view content_type) {
  Payload payload = Payload::json(std::move(text));
  payload.set_content_type(content_type);
  return payload;
}

}  // namespace

// One request on its way through the API.
struct RestApi::Request {
  const HttpRequest& http;
  Ask ask = {};
  std::string canonical_path = {};  // what `ask.model` points into, when it isn't http.path
  Verbs verbs = Verbs::kAny;
  bool cloud_event = false;
};

RestApi::RestApi(RestApiOptions options, Predictor& predictor, const ReadyState& ready_state,
                 metrics::Families& metrics, int shard)
    : options_(std::move(options)),
      core_({.max_decoded = options_.max_decoded, .work = options_.work}, kRestServices, predictor,
            ready_state, metrics, shard),
      registry_(metrics.registry()),
      event_source_("seldon." + options_.deployment),
      event_type_(event_source_ + "." + options_.namespace_ + ".response"),
      doc_page_(doc_page(options_.metrics_path, options_.protocols)),
      page_size_(predictor.node_count() * kPageBytesOfNode) {
  fixed_headers_.add("Access-Control-Allow-Headers", options_.allowed_headers);
  fixed_headers_.add("Access-Control-Allow-Origin", options_.allowed_origins);
  fixed_headers_.add("X-Content-Type-Options", "nosniff");
}

Awaitable<HttpResponse> RestApi::handle(const HttpRequest& http, protocol::HeaderList& headers) {
  Request request{http};
  Reply reply(headers);
  // What is thrown, but for the part that the core watches over, ends here.
  try {
    const Next next = begin(request, reply);
    if (next == Next::kServe) co_await core_.serve(request.ask, reply);
    if (next == Next::kMetrics) co_await metrics_page(request, reply);
  } catch (...) {
    core_.fail_thrown(request.ask, reply);
  }
  co_return finish(request, reply);
}

// Apart from handle(), as is all that awaits nothing: asio uses frames again up to 1,020 bytes.
RestApi::Next RestApi::begin(Request& request, Reply& reply) {
  const HttpRequest& http = request.http;
  Ask& ask = request.ask;
  ask.puid = http.header(kPuidHeader);
  ask.verb = http.verb;
  ask.path = http.path;
  core_.begin(ask, reply);
  const RouteMatch match = match_route(http.verb, http.path, options_.metrics_path,
                                       options_.protocols, request.canonical_path);
  request.verbs = match.verbs;
  ask.what = match.what;
  ask.protocol = match.protocol;
  ask.operation = match.operation;
  ask.service = rest_service_of(match.what, match.protocol);
  ask.model = match.node;
  ask.version = match.version;
  ask.headers = http.headers;
  ask.cancel = http.cancel;
  ask.caller = http.caller;
  ask.request.payload = http.body;
  http.header("Ce-Specversion", &request.cloud_event);
  if (!allows(request.verbs, http.verb)) {
    reply.headers.add("Allow", allowed(request.verbs));
    core_.fail(ask,
               Status(Code::kMethodNotAllowed,
                      std::string(http.verb) + " is not allowed on " + std::string(http.path)),
               reply);
    return Next::kNothing;
  }
  if (ask.protocol == Protocol::kV2) {
    if (const auto wrong = find_binary(http, ask.request.payload)) {
      core_.fail(ask, *wrong, reply);
      return Next::kNothing;
    }
  }
  if (request.verbs != Verbs::kAny && http.verb == "OPTIONS") return Next::kNothing;
  switch (ask.what) {
    case Asked::kPredictions:
    case Asked::kFeedback:
    case Asked::kStatus:
    case Asked::kMetadata:
    case Asked::kGraphMetadata:
      return Next::kServe;
    case Asked::kMetrics:
      return Next::kMetrics;
    default:
      answer_here(request, reply);
      return Next::kNothing;
  }
}

void RestApi::answer_here(Request& request, Reply& reply) {
  const HttpRequest& http = request.http;
  Ask& ask = request.ask;
  if (ApiCore::is_answered_now(ask.what)) return core_.answer_now(ask, reply);
  if (ask.what == Asked::kPing) {
    reply.payload = text_payload("pong", "text/plain; charset=utf-8");
    return;
  }
  if (ask.what == Asked::kDoc) {
    reply.payload = text_payload(doc_page_, "text/html; charset=utf-8");
    return;
  }
  // The reference redirects to the path as it would be without empty and dotted segments.
  std::string clean = clean_path(http.path);
  if (http.path.starts_with('/') && clean != http.path) {
    if (!http.query.empty()) clean.append("?").append(http.query);
    reply.headers.add_made("Location", clean);
    reply.status = 301;
    return;
  }
  std::string what = "no such path: " + std::string(http.path);
  if (const auto other = unserved_protocol(http.verb, http.path, options_.protocols)) {
    what.append("; protocol ").append(name_of(*other)).append(" is not served (--protocol)");
  }
  core_.fail(ask, Status(Code::kNotFound, std::move(what)), reply);
}

Awaitable<void> RestApi::metrics_page(const Request& request, Reply& reply) {
  const HttpRequest& http = request.http;
  graph::CallContext context;
  context.cancel = http.cancel;
  context.work = options_.pages;
  context.caller = http.caller;
  std::size_t text_size = 0;
  const auto make = [&]() -> protocol::Result<Payload> {
    const auto format = metrics::negotiate(joined(http, "Accept"));
    std::string text = metrics::expose(registry_, format);
    text_size = text.size();
    const bool packs = metrics::prefers_gzip(joined(http, "Accept-Encoding"));
    std::string packed = packs ? protocol::gzipped(text) : std::string();
    const bool is_packed = !packed.empty();
    Payload made = text_payload(is_packed ? std::move(packed) : std::move(text),
                                metrics::content_type(format));
    if (is_packed) made.set_content_encoding("gzip");
    return made;
  };
  auto page = graph::try_here(context, page_size_, make);
  if (!page) page = co_await graph::elsewhere(context, page_size_, make);
  if (!*page) {
    core_.fail(request.ask, page->error(), reply);
    co_return;
  }
  page_size_ = text_size;
  reply.headers.add("Vary", "Accept, Accept-Encoding");
  reply.payload = **std::move(page);
}

HttpResponse RestApi::finish(Request& request, Reply& reply) noexcept {
  // Once more without memory for a node's headers: what fails has few.
  for (const bool again : {true, false}) {
    try {
      add_headers(request, reply);
      break;
    } catch (...) {
      core_.fail_thrown(request.ask, reply);
      if (!again) break;
    }
  }
  core_.count(request.ask, reply);
  return {reply.status, std::move(reply.payload)};
}

void RestApi::add_headers(const Request& request, Reply& reply) const {
  if (request.verbs != Verbs::kAny) {
    reply.headers.add("Access-Control-Allow-Methods", allowed(request.verbs));
  }
  if (request.cloud_event) {
    reply.headers.add("Ce-Specversion", "0.3");
    reply.headers.add("Ce-Source", event_source_);
    reply.headers.add("Ce-Type", event_type_);
    reply.headers.add("Ce-Id", request.ask.puid);
    reply.headers.add("Ce-Path", request.http.path);
  }
  const auto json_size = reply.payload.json_size();
  if (json_size) reply.headers.add_made(protocol::kJsonSizeHeader, std::to_string(*json_size));
  for (const HeaderField& field : reply.payload.headers()) {
    if (is_our_own(field.name, request.cloud_event)) continue;
    if (json_size && same_name(field.name, protocol::kJsonSizeHeader)) continue;
    reply.headers.add(field.name, field.value);
  }
}

HttpResponse RestApi::refuse(const Status& why, protocol::HeaderList& headers) {
  const HttpRequest nothing;
  Request request{nothing};
  Reply reply(headers);
  request.ask.protocol = options_.protocols.front();
  core_.begin(request.ask, reply);
  core_.fail(request.ask, why, reply);
  add_headers(request, reply);
  core_.count(request.ask, reply);
  return {reply.status, std::move(reply.payload)};
}

bool RestApi::answers_when_full(std::string_view verb, std::string_view path) const {
  std::string canonical;
  switch (match_route(verb, path, options_.metrics_path, options_.protocols, canonical).what) {
    case Asked::kLive:
    case Asked::kReady:
    case Asked::kHealth:
    case Asked::kPing:
    case Asked::kMetrics:
      return true;
    default:
      return false;
  }
}

}  // namespace infergraph::engine
