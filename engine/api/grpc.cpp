#include "engine/api/grpc.hpp"

#include <memory>
#include <new>
#include <utility>

#include "base/base64.hpp"
#include "engine/api/in_flight.hpp"
#include "engine/grpc/metadata.hpp"
#include "engine/observe/failure_log.hpp"
#include "graph/work_place.hpp"
#include "inference/grpc_service.pb.h"
#include "protocol/caught.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/convert/model_name.hpp"
#include "protocol/convert/status_map.hpp"

namespace infergraph::engine {

using graph::CallContext;
using protocol::Encoding;
using protocol::HeaderField;
using protocol::MessageType;
using protocol::Method;
using protocol::Payload;
using protocol::Protocol;
using protocol::Status;

namespace {

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// The caller's metadata as headers for the nodes. In HTTP, bytes travel as base64. grpc++ takes
// from the wire what it would refuse to send, such as the end of a line.
class NodeHeaders {
 public:
  explicit NodeHeaders(std::span<const HeaderField> metadata) {
    headers_.reserve(metadata.size());
    for (const HeaderField& field : metadata) {
      if (field.name == "seldon-puid") {
        puid_ = field.value;
      } else if (is_end_to_end(field.name) && is_legal(field)) {
        headers_.push_back(field);
        if (field.name.ends_with("-bin")) {
          encoded_.push_back(std::make_unique<std::string>(encode_base64(field.value)));
          headers_.back().value = *encoded_.back();
        }
      }
    }
  }

  std::span<const HeaderField> headers() const { return headers_; }
  std::string_view puid() const { return puid_; }

 private:
  std::vector<HeaderField> headers_;
  std::vector<std::unique_ptr<std::string>> encoded_;
  std::string_view puid_;
};

}  // namespace

GrpcApi::GrpcApi(GrpcApiOptions options, Predictor& predictor, const ReadyState& readiness,
                 metrics::Families& metrics, int shard)
    : options_(std::move(options)),
      predictor_(predictor),
      readiness_(readiness),
      methods_(grpc_methods(options_.protocols)),
      failed_(metrics.requests_failed(shard)),
      prediction_self_(metrics.request_self_seconds(shard, "predictions")),
      feedback_self_(metrics.request_self_seconds(shard, "feedback")),
      in_flight_(metrics.requests_in_flight(shard)),
      v2_stream_(*this) {
  names_.reserve(methods_.size());
  requests_.reserve(methods_.size());
  for (const GrpcMethod& method : methods_) {
    names_.push_back(method.name);
    requests_.push_back(metrics.server(shard, method.name, "unary"));
    // A message of the stream is a call of this method.
    if (method.protocol == Protocol::kV2 && method.action == GrpcAction::kPredict) {
      v2_stream_.set_method(names_.size() - 1);
      StreamHandler* const relay = options_.v2_relay;
      streams_.push_back({V2Stream::kMethod, relay == nullptr ? &v2_stream_ : relay});
    }
  }
}

Awaitable<GrpcResponse> GrpcApi::handle(GrpcRequest& request) {
  const auto started = Clock::now();
  const GrpcMethod& method = methods_[request.method];
  graph::CallTimes times;
  GrpcResponse response;
  std::string puid;
  // What anything below throws ends here.
  try {
    const InFlight counted(in_flight_);
    const NodeHeaders headers(request.metadata);
    puid = is_puid(headers.puid()) ? headers.puid() : puids_.next();
    request.body.set_protocol(method.protocol);
    protocol::KeptRequest kept;
    if (options_.keeps_requests) kept.payload = request.body;
    CallContext context;
    context.puid = puid;
    context.headers = headers.headers();
    context.deadline = request.deadline;
    context.front = protocol::Transport::kGrpc;
    context.protocol = method.protocol;
    context.operation = method.operation;
    context.request = options_.keeps_requests ? &kept : nullptr;
    context.cancel = request.cancel;
    context.times = &times;
    context.work = options_.work;
    context.caller = request.caller;

    Answer answer = co_await ask_predictor(request, context);
    if (answer && !is_in_form(method, *answer)) {
      const auto convert = [&] { return converted(method, kept, *answer); };
      const bool predicts = method.action == GrpcAction::kPredict;
      const std::size_t bytes = protocol::bytes_read(*answer, predicts ? context.request : nullptr);
      auto made = graph::try_here(context, bytes, convert);
      if (!made) made = co_await graph::elsewhere(context, bytes, convert);
      answer = *std::move(made);
    }
    response = finish({method, puid, started}, answer);
  } catch (...) {
    response = fail_thrown({method, puid, started});
  }
  response.puid = std::move(puid);

  const auto took = Clock::now() - started;
  observe(request.method, response, took);
  if (method.action == GrpcAction::kPredict) {
    prediction_self_.observe(seconds(took - times.total()));
  } else if (method.action == GrpcAction::kFeedback) {
    feedback_self_.observe(seconds(took - times.total()));
  }
  co_return response;
}

void GrpcApi::observe(std::size_t method, const GrpcResponse& response, Clock::duration took) {
  const auto code = protocol::go_name_of(response.status.code);
  // The first time of a code takes memory, which is there again when it was missing for a moment.
  for (const bool again : {true, false}) {
    try {
      return requests_[method].observe(code, seconds(took));
    } catch (const std::bad_alloc&) {
      if (!again) return;
    }
  }
}

Awaitable<GrpcApi::Answer> GrpcApi::ask_predictor(GrpcRequest& request, CallContext& context) {
  const GrpcMethod& method = methods_[request.method];
  switch (method.action) {
    case GrpcAction::kPredict:
      return predictor_.predict(std::move(request.body), context);
    case GrpcAction::kFeedback:
      return predictor_.feedback(std::move(request.body), context);
    case GrpcAction::kRootMetadata:
      return predictor_.ask(Method::kMetadata, options_.root, {}, context);
    case GrpcAction::kGraphMetadata:
      return predictor_.graph_metadata(context);
    default:
      return ask_node(method, request.body, context);
  }
}

Awaitable<GrpcApi::Answer> GrpcApi::ask_node(const GrpcMethod& method, const Payload& request,
                                             CallContext& context) {
  const bool status = method.action == GrpcAction::kModelStatus;
  if (!status && method.action != GrpcAction::kModelMetadata) co_return answer_itself(method);
  const auto read = [&] { return protocol::read_model_name(method.protocol, request.bytes()); };
  auto name = graph::try_here(context, request.size(), read);
  if (!name) name = co_await graph::elsewhere(context, request.size(), read);
  if (!*name) co_return name->error();
  std::string node = **name;
  // Under protocols tensorflow and v2 a model need not be named, and in a graph of one node may be
  // called anything: then the name in the request is the node's to judge.
  if (method.protocol != Protocol::kSeldon && (node.empty() || predictor_.is_single())) {
    node = options_.root;
  }
  const Payload passed = method.protocol == Protocol::kSeldon ? Payload() : request;
  co_return co_await predictor_.ask(status ? Method::kStatus : Method::kMetadata, node, passed,
                                    context);
}

GrpcApi::Answer GrpcApi::answer_itself(const GrpcMethod& method) const {
  std::string wire;
  if (method.action == GrpcAction::kServerMetadata) {
    inference::ServerMetadataResponse metadata;
    metadata.set_name("infergraph");
    metadata.set_version(INFERGRAPH_VERSION);
    wire = metadata.SerializeAsString();
  } else {
    inference::ServerReadyResponse ready;  // ServerLiveResponse has the same field
    ready.set_ready(method.action == GrpcAction::kServerLive || readiness_.ready());
    wire = ready.SerializeAsString();
  }
  Payload made = Payload::proto(std::move(wire));
  made.set_protocol(method.protocol);
  return made;
}

bool GrpcApi::is_in_form(const GrpcMethod& method, const Payload& answer) {
  const bool predicts = method.action == GrpcAction::kPredict;
  return predicts && answer.protocol() == method.protocol && answer.encoding() == Encoding::kProto;
}

GrpcApi::Answer GrpcApi::converted(const GrpcMethod& method, protocol::KeptRequest& request,
                                   const Payload& answer) const {
  auto made = convert(method, request, answer);
  if (made) return made;
  return Status(protocol::Code::kBadUpstream, made.error().message(), std::string(answer.origin()));
}

GrpcApi::Answer GrpcApi::convert(const GrpcMethod& method, protocol::KeptRequest& request,
                                 const Payload& answer) const {
  const std::size_t most = options_.max_decoded;
  switch (method.action) {
    case GrpcAction::kFeedback:
      // A component may acknowledge a reward with nothing at all.
      if (answer.empty()) return Payload::proto("");
      return protocol::convert(answer, MessageType::kSeldonMessage, Encoding::kProto, most);
    case GrpcAction::kGraphMetadata:
      return protocol::convert(answer, MessageType::kGraphMetadata, Encoding::kProto, most);
    case GrpcAction::kModelMetadata:
    case GrpcAction::kRootMetadata:
      return protocol::convert_metadata(answer, method.protocol, Encoding::kProto, most);
    case GrpcAction::kModelStatus:
      return protocol::convert_status(answer, method.protocol, Encoding::kProto, most);
    default:
      break;
  }
  protocol::Target target;
  target.protocol = method.protocol;
  target.encoding = Encoding::kProto;
  target.role = protocol::Role::kAnswer;
  target.operation = method.operation;
  target.request = options_.keeps_requests ? &request : nullptr;
  target.max_decoded = most;
  return protocol::convert(answer, target);
}

GrpcResponse GrpcApi::finish(const Call& call, const Answer& answer) {
  if (!answer) return fail(call, answer.error());
  return {{}, *answer, "", ""};
}

GrpcResponse GrpcApi::fail_thrown(const Call& call) noexcept {
  GrpcResponse response;
  const Status status = protocol::caught();
  response.status.code = protocol::GrpcCode::kInternal;
  try {
    return fail(call, status);
  } catch (...) {
    response.status.message = "out of memory";  // short enough to need none
    try {
      failed_.count("INTERNAL");
    } catch (...) {
      // The first of its kind, and no memory for the series.
    }
    return response;
  }
}

GrpcResponse GrpcApi::fail(const Call& call, const Status& status) {
  FailedRequest failed;
  failed.puid = call.puid;
  failed.service = call.method.name;
  failed.took = Clock::now() - call.started;
  log_grpc_failure(failed, status);
  GrpcResponse response{protocol::grpc_status(status), {}, "", protocol::failed_node(status)};
  // Last, so that what is thrown on the way here counts once, as what it is then answered with.
  if (status.code() != protocol::Code::kUpstream)
    failed_.count(protocol::http_failure(status).reason);
  return response;
}

}  // namespace infergraph::engine
