#include "engine/api/core.hpp"

#include <chrono>
#include <new>
#include <utility>

#include "engine/api/in_flight.hpp"
#include "engine/observe/failure_log.hpp"
#include "graph/work_place.hpp"
#include "inference/grpc_service.pb.h"
#include "protocol/caught.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/convert/model_name.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Encoding;
using protocol::MessageType;
using protocol::Method;
using protocol::Payload;
using protocol::Protocol;
using protocol::Status;
using protocol::Transport;

namespace {

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// Each transport has one encoding of ours.
Encoding encoding_of(const Ask& ask) {
  return ask.transport == Transport::kGrpc ? Encoding::kProto : Encoding::kJson;
}

bool names_a_node(Asked what) { return what == Asked::kStatus || what == Asked::kMetadata; }

// What is left to say when there is no memory to say more.
Payload bare_failure(Protocol protocol) {
  constexpr std::string_view kSeldon =
      R"({"status":{"code":500,"info":"out of memory","reason":"INTERNAL","status":"FAILURE"}})";
  constexpr std::string_view kOthers = R"({"error":"out of memory"})";
  Payload made(nullptr, protocol == Protocol::kSeldon ? kSeldon : kOthers);
  made.set_content_type("application/json");
  return made;
}

// The first time of a status or a reason takes memory, which is there again when it was missing for
// a moment.
template <typename Count>
void twice_if_needed(const Count& count) noexcept {
  for (const bool again : {true, false}) {
    try {
      return count();
    } catch (const std::bad_alloc&) {
      if (!again) return;
    }
  }
}

}  // namespace

ApiCore::ApiCore(Options options, std::span<const CountedService> services, Predictor& predictor,
                 const ReadyState& ready_state, metrics::Families& metrics, int shard)
    : options_(std::move(options)),
      predictor_(predictor),
      ready_state_(ready_state),
      server_metadata_(R"({"name":"infergraph","version":")" INFERGRAPH_VERSION
                       R"(","extensions":["binary_tensor_data"]})"),
      services_(services.begin(), services.end()),
      failed_(metrics.requests_failed(shard)),
      prediction_self_(metrics.request_self_seconds(shard, "predictions")),
      feedback_self_(metrics.request_self_seconds(shard, "feedback")),
      in_flight_(metrics.requests_in_flight(shard)) {
  series_.reserve(services_.size());
  for (const auto& [service, method] : services_) {
    series_.push_back(metrics.server(shard, service, method));
  }
}

void ApiCore::begin(Ask& ask, Reply& reply) {
  if (is_puid(ask.puid)) {
    reply.headers.add(kPuidHeader, ask.puid);
  } else {
    ask.puid = reply.headers.add_made(kPuidHeader, puids_.next());
  }
}

Awaitable<void> ApiCore::serve(Ask& ask, Reply& reply) {
  ask.started = Clock::now();
  ask.counts = true;
  graph::CallTimes times;
  // What anything below throws ends here.
  try {
    graph::CallContext context;
    context.times = &times;
    ask.request.payload.set_protocol(ask.protocol);
    fill(ask, context);
    const InFlight counted(in_flight_);
    Outcome outcome = co_await walk(ask, context);
    if (outcome && !is_in_form(ask, *outcome)) co_await bring_into_form(ask, outcome, context);
    if (outcome) {
      reply.status = outcome->status();
      reply.payload = *std::move(outcome);
    } else {
      fail(ask, outcome.error(), reply);
    }
  } catch (...) {
    fail_thrown(ask, reply);
  }

  ask.took = Clock::now() - ask.started;
  if (ask.what == Asked::kPredictions) {
    prediction_self_.observe(seconds(ask.took - times.total()));
  } else if (ask.what == Asked::kFeedback) {
    feedback_self_.observe(seconds(ask.took - times.total()));
  }
}

void ApiCore::fill(Ask& ask, graph::CallContext& context) const {
  context.puid = ask.puid;
  context.headers = ask.headers;
  context.deadline = ask.deadline;
  context.front = ask.transport;
  context.protocol = ask.protocol;
  context.operation = ask.operation;
  context.request = options_.keeps_requests ? &ask.request : nullptr;
  context.cancel = ask.cancel;
  context.work = options_.work;
  context.caller = ask.caller;
  const bool names_node = names_a_node(ask.what);
  if (names_node) ask.node = protocol::percent_decoded(ask.model);
  if (ask.protocol == Protocol::kSeldon) return;
  // Of a graph of one node its model may be named; in a larger one a name renames nothing.
  if (predictor_.is_single()) {
    context.model = ask.model;
    context.model_version = ask.version;
  } else if (names_node) {
    context.model_version = ask.version;
  }
  if (names_node && predictor_.has_node(ask.node)) context.model = {};
}

Awaitable<ApiCore::Outcome> ApiCore::walk(Ask& ask, graph::CallContext& context) {
  Payload& payload = ask.request.payload;
  switch (ask.what) {
    case Asked::kFeedback:
      return predictor_.feedback(options_.keeps_requests ? payload : std::move(payload), context);
    case Asked::kGraphMetadata:
      return predictor_.graph_metadata(context);
    case Asked::kRootMetadata:
      return predictor_.ask(Method::kMetadata, predictor_.root(), {}, context);
    case Asked::kStatus:
    case Asked::kMetadata:
      if (ask.transport == Transport::kGrpc) return ask_named(ask, context);
      return predictor_.ask(ask.what == Asked::kStatus ? Method::kStatus : Method::kMetadata,
                            ask.node, {}, context);
    default:
      return predictor_.predict(options_.keeps_requests ? payload : std::move(payload), context);
  }
}

// Over gRPC the message names the node.
Awaitable<ApiCore::Outcome> ApiCore::ask_named(Ask& ask, graph::CallContext& context) {
  const Payload request = ask.request.payload;
  const auto read = [&] { return protocol::read_model_name(ask.protocol, request.bytes()); };
  auto name = graph::try_here(context, request.size(), read);
  if (!name) name = co_await graph::elsewhere(context, request.size(), read);
  if (!*name) co_return name->error();
  ask.node = **name;
  // Under protocols tensorflow and v2 a model need not be named, and in a graph of one node may be
  // called anything: then the name in the request is the node's to judge.
  if (ask.protocol != Protocol::kSeldon && (ask.node.empty() || predictor_.is_single())) {
    ask.node = predictor_.root();
  }
  const Payload passed = ask.protocol == Protocol::kSeldon ? Payload() : request;
  co_return co_await predictor_.ask(
      ask.what == Asked::kStatus ? Method::kStatus : Method::kMetadata, ask.node, passed, context);
}

bool ApiCore::is_in_form(const Ask& ask, const Payload& payload) {
  // In proto an answer says only in its message what it is an answer to.
  const bool may_be = ask.transport == Transport::kRest || ask.what == Asked::kPredictions;
  return may_be && payload.protocol() == ask.protocol && payload.encoding() == encoding_of(ask);
}

Awaitable<void> ApiCore::bring_into_form(Ask& ask, Outcome& outcome, graph::CallContext& context) {
  const auto make = [&] { return converted(ask, *outcome); };
  const bool predicts = ask.what == Asked::kPredictions;
  const std::size_t bytes = protocol::bytes_read(*outcome, predicts ? context.request : nullptr);
  auto made = graph::try_here(context, bytes, make);
  if (!made) made = co_await graph::elsewhere(context, bytes, make);
  outcome = *std::move(made);
}

ApiCore::Outcome ApiCore::converted(Ask& ask, const Payload& payload) const {
  auto made = convert(ask, payload);
  if (made) return made;
  return Status(Code::kBadUpstream, made.error().message(), std::string(payload.origin()));
}

ApiCore::Outcome ApiCore::convert(Ask& ask, const Payload& payload) const {
  const Encoding encoding = encoding_of(ask);
  const std::size_t most = options_.max_decoded;
  switch (ask.what) {
    case Asked::kFeedback:
      // A component may acknowledge a reward with nothing at all.
      if (encoding == Encoding::kProto && payload.empty()) return Payload::proto("");
      return protocol::convert(payload, MessageType::kSeldonMessage, encoding, most);
    case Asked::kGraphMetadata:
      return protocol::convert(payload, MessageType::kGraphMetadata, encoding, most);
    case Asked::kMetadata:
    case Asked::kRootMetadata:
      return protocol::convert_metadata(payload, ask.protocol, encoding, most);
    case Asked::kStatus:
      return protocol::convert_status(payload, ask.protocol, encoding, most);
    default:
      break;
  }
  protocol::Target target;
  target.protocol = ask.protocol;
  target.encoding = encoding;
  target.role = protocol::Role::kAnswer;
  target.operation = ask.operation;
  target.request = options_.keeps_requests ? &ask.request : nullptr;
  target.max_decoded = most;
  return protocol::convert(payload, target);
}

bool ApiCore::is_answered_now(Asked what) {
  return what == Asked::kLive || what == Asked::kReady || what == Asked::kHealth ||
         what == Asked::kServerMetadata;
}

void ApiCore::answer_now(Ask& ask, Reply& reply) noexcept {
  ask.started = Clock::now();
  ask.counts = true;
  try {
    answer_itself(ask, reply);
  } catch (...) {
    fail_thrown(ask, reply);
  }
  ask.took = Clock::now() - ask.started;
}

void ApiCore::answer_itself(const Ask& ask, Reply& reply) const {
  const bool is_ready = ask.what == Asked::kLive || ready_state_.ready();
  if (encoding_of(ask) == Encoding::kJson) {
    if (ask.what == Asked::kServerMetadata) {
      reply.payload = Payload::json(server_metadata_);
    } else if (!is_ready) {
      reply.status = 503;
      if (ask.protocol != Protocol::kV2) reply.payload = Payload::json(ready_state_.report());
    }
    return;
  }
  std::string wire;
  if (ask.what == Asked::kServerMetadata) {
    inference::ServerMetadataResponse metadata;
    metadata.set_name("infergraph");
    metadata.set_version(INFERGRAPH_VERSION);
    wire = metadata.SerializeAsString();
  } else {
    inference::ServerReadyResponse ready;  // ServerLiveResponse has the same field
    ready.set_ready(is_ready);
    wire = ready.SerializeAsString();
  }
  reply.payload = Payload::proto(std::move(wire));
  reply.payload.set_protocol(ask.protocol);
}

void ApiCore::fail(const Ask& ask, const Status& status, Reply& reply) {
  const protocol::HttpFailure failure = protocol::http_failure(status);
  if (status.code() == Code::kOverloaded) reply.headers.add(kRetryAfterHeader, "1");
  if (!status.node().empty()) {
    reply.headers.add_made(kFailedNodeHeader, protocol::failed_node(status));
  }
  log_failure(ask, status);
  if (reply.rpc != nullptr) {
    *reply.rpc = protocol::grpc_status(status);
  } else {
    reply.status = failure.status;
    reply.payload = protocol::error_body(status, ask.protocol);
  }
  if (status.code() != Code::kUpstream) reply.failed_as = failure.reason;
}

void ApiCore::log_failure(const Ask& ask, const Status& status) const {
  FailedRequest failed;
  failed.puid = ask.puid;
  if (ask.service != Ask::kUncounted) failed.service = services_[ask.service].service;
  failed.verb = ask.verb;
  failed.path = ask.path;
  if (ask.started != Clock::time_point()) failed.took = Clock::now() - ask.started;
  if (ask.transport == Transport::kGrpc) {
    log_grpc_failure(failed, status);
  } else {
    log_rest_failure(failed, status);
  }
}

void ApiCore::fail_thrown(Ask& ask, Reply& reply) noexcept {
  const Status status = protocol::caught();
  ask.counts = true;
  reply.headers.truncate(1);  // the puid
  try {
    return fail(ask, status, reply);
  } catch (...) {
    // Then with nothing that takes memory.
  }
  reply.headers.truncate(1);
  reply.failed_as = "INTERNAL";
  if (reply.rpc != nullptr) {
    reply.rpc->code = protocol::GrpcCode::kInternal;
    reply.rpc->message = "out of memory";  // short enough to need none
  } else {
    reply.status = 500;
    reply.payload = bare_failure(ask.protocol);
  }
}

void ApiCore::count(const Ask& ask, const Reply& reply) noexcept {
  // Here, so that a failure counts once, as what it is answered with in the end.
  if (!reply.failed_as.empty()) twice_if_needed([&] { failed_.count(reply.failed_as); });
  if (!ask.counts || ask.service == Ask::kUncounted) return;
  metrics::RequestSeries& series = series_[ask.service];
  twice_if_needed([&] {
    if (reply.rpc != nullptr) {
      series.observe(protocol::go_name_of(reply.rpc->code), seconds(ask.took));
    } else {
      series.observe(reply.status, seconds(ask.took));
    }
  });
}

}  // namespace infergraph::engine
