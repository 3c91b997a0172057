#include "engine/api/rest.hpp"

#include <array>
#include <charconv>
#include <new>
#include <optional>
#include <utility>

#include "engine/api/doc_page.hpp"
#include "engine/api/in_flight.hpp"
#include "engine/api/route_service.hpp"
#include "engine/net/http1/header_name.hpp"
#include "engine/net/http1/request_path.hpp"
#include "engine/observe/failure_log.hpp"
#include "graph/work_place.hpp"
#include "metrics/exposition.hpp"
#include "protocol/caught.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/gzip_writer.hpp"
#include "protocol/json/json.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Encoding;
using protocol::MessageType;
using protocol::Method;
using protocol::Payload;
using protocol::Protocol;
using protocol::Status;
// With its size known, a literal is appended without looking for its end.
using namespace std::string_view_literals;

namespace {

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

constexpr std::string_view kFailedNode = "Seldon-Failed-Node";

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
      return same_name(name, "Seldon-Puid");
    case 14:
      return cloud_event && same_name(name, "Ce-Specversion");
    case 18:
      return same_name(name, kFailedNode);
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

constexpr std::string_view kJsonSize = "Inference-Header-Content-Length";

// Where the binary part of a v2 request begins, as its header says; or what is wrong with that.
// Source: contract/openinference_rest.md §3.
std::optional<Status> find_binary(const HttpRequest& http, Payload& body) {
  bool present = false;
  const std::string_view text = http.header(kJsonSize, &present);
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

bool is_counted(Route route) {
  return route == Route::kPredictions || route == Route::kFeedback || route == Route::kStatus ||
         route == Route::kMetadata || route == Route::kGraphMetadata;
}

HttpResponse bare_failure(Protocol protocol) {
  constexpr std::string_view kSeldon =
      R"({"status":{"code":500,"info":"out of memory","reason":"INTERNAL","status":"FAILURE"}})";
  constexpr std::string_view kOthers = R"({"error":"out of memory"})";
  HttpResponse made;
  made.status = 500;
  made.body = Payload(nullptr, protocol == Protocol::kSeldon ? kSeldon : kOthers);
  made.body.set_content_type("application/json");
  return made;
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
  std::string& header_lines;
  std::string canonical_path = {};  // what `match` points into, when it isn't http.path
  RouteMatch match = {};
  std::string_view puid = {};
  std::array<char, 36> made_puid = {};  // where it lies when the caller gave none
  bool cloud_event = false;
  std::string node = {};  // whose status or metadata is asked for
  Clock::time_point started = {};
  protocol::KeptRequest kept = {};
};

RestApi::RestApi(RestApiOptions options, Predictor& predictor, const ReadyState& readiness,
                 metrics::Families& metrics, int shard)
    : options_(std::move(options)),
      predictor_(predictor),
      readiness_(readiness),
      registry_(metrics.registry()),
      doc_page_(doc_page(options_.metrics_path, options_.protocols)),
      predictions_(metrics.server(shard, "predictions", "post")),
      feedback_(metrics.server(shard, "feedback", "post")),
      status_(metrics.server(shard, "status", "get")),
      metadata_(metrics.server(shard, "metadata", "get")),
      failed_(metrics.requests_failed(shard)),
      prediction_self_(metrics.request_self_seconds(shard, "predictions")),
      feedback_self_(metrics.request_self_seconds(shard, "feedback")),
      in_flight_(metrics.requests_in_flight(shard)),
      page_size_(predictor.node_count() * kPageBytesOfNode) {
  common_headers_ = "Access-Control-Allow-Headers: " + options_.allowed_headers +
                    "\r\nAccess-Control-Allow-Origin: " + options_.allowed_origins +
                    "\r\nX-Content-Type-Options: nosniff\r\nSeldon-Puid: ";
  server_metadata_ = R"({"name":"infergraph","version":")" INFERGRAPH_VERSION
                     R"(","extensions":["binary_tensor_data"]})";
  cloud_event_headers_ = "Ce-Specversion: 0.3\r\nCe-Source: seldon." + options_.deployment +
                         "\r\nCe-Type: seldon." + options_.deployment + "." + options_.namespace_ +
                         ".response\r\n";
}

Awaitable<HttpResponse> RestApi::handle(const HttpRequest& http, std::string& header_lines) {
  Request request{http, header_lines};
  HttpResponse response;
  // What is thrown, but for the part that serve() watches over, ends here.
  try {
    const Next next = begin(request, response);
    if (next == Next::kServe) co_await serve(request, response);
    if (next == Next::kMetrics) co_await metrics_page(request, response);
  } catch (...) {
    response = fail_thrown(request);
    if (is_counted(request.match.route)) observe(request, response, Clock::duration::zero());
  }
  co_return response;
}

// Apart from handle(), as is all that awaits nothing: asio uses frames again up to 1,020 bytes.
RestApi::Next RestApi::begin(Request& request, HttpResponse& response) {
  const HttpRequest& http = request.http;
  request.match = match_route(http.verb, http.path, options_.metrics_path, options_.protocols,
                              request.canonical_path);
  request.puid = http.header("Seldon-Puid");
  if (!is_puid(request.puid)) {
    const std::string_view fresh = puids_.next();
    fresh.copy(request.made_puid.data(), request.made_puid.size());
    request.puid = {request.made_puid.data(), request.made_puid.size()};
  }
  http.header("Ce-Specversion", &request.cloud_event);
  begin_headers(request);
  if (!allows(request.match.verbs, http.verb)) {
    request.header_lines.append("Allow: ").append(allowed(request.match.verbs)).append("\r\n");
    response = fail(
        request, Status(Code::kMethodNotAllowed,
                        std::string(http.verb) + " is not allowed on " + std::string(http.path)));
    return Next::kNothing;
  }
  request.kept.payload = http.body;
  request.kept.payload.set_protocol(request.match.protocol);
  if (request.match.protocol == Protocol::kV2) {
    if (const auto wrong = find_binary(http, request.kept.payload)) {
      response = fail(request, *wrong);
      return Next::kNothing;
    }
  }
  if (request.match.verbs != Verbs::kAny && http.verb == "OPTIONS") return Next::kNothing;
  switch (request.match.route) {
    case Route::kStatus:
    case Route::kMetadata:
      request.node = protocol::percent_decoded(request.match.node);
      return Next::kServe;
    case Route::kPredictions:
    case Route::kFeedback:
    case Route::kGraphMetadata:
      return Next::kServe;
    case Route::kMetrics:
      return Next::kMetrics;
    default:
      response = respond_locally(request);
      return Next::kNothing;
  }
}

Awaitable<void> RestApi::serve(Request& request, HttpResponse& response) {
  request.started = Clock::now();
  graph::CallTimes times;
  // What anything below throws ends here.
  try {
    graph::CallContext context;
    context.puid = request.puid;
    context.headers = request.http.headers;
    context.cancel = request.http.cancel;
    context.times = &times;
    context.work = options_.work;
    context.caller = request.http.caller;
    fill(request, context);
    const InFlight counted(in_flight_);
    Answer answer = co_await ask_predictor(request, context);
    if (answer && !is_in_form(request, *answer)) {
      co_await bring_into_form(request, answer, context);
    }
    response = finish(request, answer);
  } catch (...) {
    response = fail_thrown(request);
  }

  const auto took = Clock::now() - request.started;
  observe(request, response, took);
  if (request.match.route == Route::kPredictions) {
    prediction_self_.observe(seconds(took - times.total()));
  } else if (request.match.route == Route::kFeedback) {
    feedback_self_.observe(seconds(took - times.total()));
  }
}

Awaitable<void> RestApi::bring_into_form(Request& request, Answer& answer,
                                         graph::CallContext& context) {
  const auto convert = [&] { return converted(request, *answer); };
  const bool predicts = request.match.route == Route::kPredictions;
  const std::size_t bytes = protocol::bytes_read(*answer, predicts ? &request.kept : nullptr);
  auto made = graph::try_here(context, bytes, convert);
  if (!made) made = co_await graph::elsewhere(context, bytes, convert);
  answer = *std::move(made);
}

void RestApi::observe(const Request& request, const HttpResponse& response, Clock::duration took) {
  // The first time of a status takes memory, which is there again when it was missing for a moment.
  for (const bool again : {true, false}) {
    try {
      return requests_of(request.match.route).observe(response.status, seconds(took));
    } catch (const std::bad_alloc&) {
      if (!again) return;
    }
  }
}

void RestApi::fill(Request& request, graph::CallContext& context) const {
  const RouteMatch& match = request.match;
  context.protocol = match.protocol;
  context.operation = match.operation;
  context.request = &request.kept;
  // Of a graph of one node its model may be named; in a larger one a name renames nothing.
  const bool names_node = match.route == Route::kStatus || match.route == Route::kMetadata;
  if (match.protocol == Protocol::kSeldon) return;
  if (predictor_.is_single()) {
    context.model = match.node;
    context.model_version = match.version;
  } else if (names_node) {
    context.model_version = match.version;
  }
  if (names_node && predictor_.has_node(request.node)) context.model = {};
}

Awaitable<RestApi::Answer> RestApi::ask_predictor(Request& request, graph::CallContext& context) {
  switch (request.match.route) {
    case Route::kFeedback:
      return predictor_.feedback(request.kept.payload, context);
    case Route::kGraphMetadata:
      return predictor_.graph_metadata(context);
    case Route::kStatus:
      return predictor_.ask(Method::kStatus, request.node, {}, context);
    case Route::kMetadata:
      return predictor_.ask(Method::kMetadata, request.node, {}, context);
    default:
      return predictor_.predict(request.kept.payload, context);
  }
}

metrics::ServerRequests& RestApi::requests_of(Route route) {
  switch (route) {
    case Route::kFeedback:
      return feedback_;
    case Route::kStatus:
    case Route::kHealth:
    case Route::kReady:
      return status_;
    case Route::kMetadata:
    case Route::kGraphMetadata:
      return metadata_;
    default:
      return predictions_;
  }
}

bool RestApi::is_in_form(const Request& request, const Payload& answer) {
  return answer.protocol() == request.match.protocol && answer.encoding() == Encoding::kJson;
}

RestApi::Answer RestApi::converted(Request& request, const Payload& answer) const {
  const Protocol protocol = request.match.protocol;
  Answer made = [&]() -> Answer {
    const std::size_t most = options_.max_decoded;
    switch (request.match.route) {
      case Route::kStatus:
        return protocol::convert_status(answer, protocol, Encoding::kJson, most);
      case Route::kMetadata:
        return protocol::convert_metadata(answer, protocol, Encoding::kJson, most);
      case Route::kFeedback:
        return protocol::convert(answer, MessageType::kSeldonMessage, Encoding::kJson, most);
      default:
        break;
    }
    protocol::Target target;
    target.protocol = protocol;
    target.role = protocol::Role::kAnswer;
    target.operation = request.match.operation;
    target.request = &request.kept;
    target.max_decoded = most;
    return protocol::convert(answer, target);
  }();
  if (made) return made;
  return Status(Code::kBadUpstream, made.error().message(), std::string(answer.origin()));
}

HttpResponse RestApi::finish(Request& request, const Answer& answer) {
  if (!answer) return fail(request, answer.error());
  pass_on_headers(request, *answer);
  return {answer->status(), *answer};
}

HttpResponse RestApi::fail(Request& request, const Status& status) {
  const protocol::HttpFailure failure = protocol::http_failure(status);
  if (status.code() == Code::kOverloaded) request.header_lines += "Retry-After: 1\r\n";
  if (!status.node().empty()) {
    request.header_lines.append(kFailedNode)
        .append(": ")
        .append(protocol::failed_node(status))
        .append("\r\n");
  }
  log_failure(request, status);
  const Payload body = protocol::error_body(status, request.match.protocol);
  pass_on_headers(request, body);
  // Last, so that what is thrown on the way here counts once, as what it is then answered with.
  if (status.code() != Code::kUpstream) failed_.count(failure.reason);
  return {failure.status, body};
}

void RestApi::log_failure(const Request& request, const Status& status) {
  FailedRequest failed;
  failed.puid = request.puid;
  failed.service = service_of(request.match.route, request.match.protocol);
  failed.verb = request.http.verb;
  failed.path = request.http.path;
  if (request.started != Clock::time_point()) failed.took = Clock::now() - request.started;
  log_rest_failure(failed, status);
}

bool RestApi::answers_when_full(std::string_view verb, std::string_view path) const {
  std::string canonical;
  switch (match_route(verb, path, options_.metrics_path, options_.protocols, canonical).route) {
    case Route::kLive:
    case Route::kReady:
    case Route::kHealth:
    case Route::kPing:
    case Route::kMetrics:
      return true;
    default:
      return false;
  }
}

HttpResponse RestApi::fail_thrown(Request& request) noexcept {
  const Status status = protocol::caught();
  try {
    request.header_lines.clear();
    begin_headers(request);
    return fail(request, status);
  } catch (...) {
    // Then with nothing that takes memory.
    request.header_lines.clear();
    try {
      failed_.count("INTERNAL");
    } catch (...) {
      // The first of its kind, and no memory for the series.
    }
    return bare_failure(request.match.protocol);
  }
}

HttpResponse RestApi::refuse(const Status& why, std::string& header_lines) {
  const HttpRequest nothing;
  Request request{nothing, header_lines};
  request.match.protocol = options_.protocols.front();
  request.puid = puids_.next();
  begin_headers(request);
  return fail(request, why);
}

HttpResponse RestApi::respond_locally(Request& request) {
  if (service_of(request.match.route, request.match.protocol).empty()) return respond(request);
  request.started = Clock::now();
  HttpResponse made = respond(request);
  requests_of(request.match.route).observe(made.status, seconds(Clock::now() - request.started));
  return made;
}

HttpResponse RestApi::respond(Request& request) {
  switch (request.match.route) {
    case Route::kLive:
      return {};
    case Route::kPing:
      return {200, text_payload("pong", "text/plain; charset=utf-8")};
    case Route::kReady:
    case Route::kHealth:
      if (readiness_.ready()) return {};
      if (request.match.protocol == Protocol::kV2) return {503, {}};
      return {503, Payload::json(readiness_.report())};
    case Route::kServerMetadata:
      return {200, Payload::json(server_metadata_)};
    case Route::kDoc:
      return {200, text_payload(doc_page_, "text/html; charset=utf-8")};
    default:
      break;
  }
  // The reference redirects to the path as it would be without empty and dotted segments.
  std::string clean = clean_path(request.http.path);
  if (request.http.path.starts_with('/') && clean != request.http.path) {
    if (!request.http.query.empty()) clean.append("?").append(request.http.query);
    request.header_lines.append("Location: ").append(clean).append("\r\n");
    return {301, {}};
  }
  std::string what = "no such path: " + std::string(request.http.path);
  if (const auto other =
          unserved_protocol(request.http.verb, request.http.path, options_.protocols)) {
    what.append("; protocol ").append(name_of(*other)).append(" is not served (--protocol)");
  }
  return fail(request, Status(Code::kNotFound, std::move(what)));
}

Awaitable<void> RestApi::metrics_page(Request& request, HttpResponse& response) {
  graph::CallContext context;
  context.cancel = request.http.cancel;
  context.work = options_.pages;
  context.caller = request.http.caller;
  std::size_t text_size = 0;
  const auto make = [&]() -> Answer {
    const auto format = metrics::negotiate(joined(request.http, "Accept"));
    std::string text = metrics::expose(registry_, format);
    text_size = text.size();
    const bool packs = metrics::prefers_gzip(joined(request.http, "Accept-Encoding"));
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
    response = fail(request, page->error());
    co_return;
  }
  page_size_ = text_size;
  request.header_lines.append("Vary: Accept, Accept-Encoding\r\n");
  response = {200, **std::move(page)};
}

void RestApi::begin_headers(Request& request) {
  std::string& lines = request.header_lines;
  lines.append(common_headers_).append(request.puid).append("\r\n"sv);
  if (request.match.verbs != Verbs::kAny) {
    lines.append("Access-Control-Allow-Methods: "sv).append(allowed(request.match.verbs));
    lines.append("\r\n"sv);
  }
  if (request.cloud_event) {
    lines.append(cloud_event_headers_).append("Ce-Id: "sv).append(request.puid);
    lines.append("\r\nCe-Path: "sv).append(request.http.path).append("\r\n"sv);
  }
}

void RestApi::pass_on_headers(const Request& request, const Payload& answer) const {
  const auto json_size = answer.json_size();
  if (json_size) {
    request.header_lines.append(kJsonSize).append(": "sv).append(std::to_string(*json_size));
    request.header_lines.append("\r\n"sv);
  }
  for (const protocol::HeaderField& field : answer.headers()) {
    if (is_our_own(field.name, request.cloud_event)) continue;
    if (json_size && same_name(field.name, kJsonSize)) continue;
    request.header_lines.append(field.name).append(": "sv).append(field.value).append("\r\n"sv);
  }
}

}  // namespace infergraph::engine
