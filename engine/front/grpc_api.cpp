#include "engine/front/grpc_api.hpp"

#include <array>
#include <utility>

#include "engine/grpc/metadata.hpp"
#include "engine/status_map.hpp"
#include "protocol/base64.hpp"
#include "protocol/codec/seldon_proto.hpp"
#include "protocol/convert.hpp"

namespace infergraph::engine {

using graph::CallContext;
using protocol::Encoding;
using protocol::HeaderField;
using protocol::MessageType;
using protocol::Method;
using protocol::Status;

namespace {

enum class Action : std::uint8_t {
  kPredict,
  kFeedback,
  kModelMetadata,
  kRootMetadata,
  kGraphMetadata
};

constexpr std::array<std::string_view, 9> kMethods = {
    "/seldon.protos.Seldon/Predict",         "/seldon.protos.Model/Predict",
    "/seldon.protos.Generic/TransformInput", "/seldon.protos.Seldon/SendFeedback",
    "/seldon.protos.Model/SendFeedback",     "/seldon.protos.Generic/SendFeedback",
    "/seldon.protos.Seldon/ModelMetadata",   "/seldon.protos.Model/Metadata",
    "/seldon.protos.Seldon/GraphMetadata"};

constexpr std::array<Action, kMethods.size()> kActions = {
    Action::kPredict,       Action::kPredict,      Action::kPredict,
    Action::kFeedback,      Action::kFeedback,     Action::kFeedback,
    Action::kModelMetadata, Action::kRootMetadata, Action::kGraphMetadata};

MessageType answer_type(Action action) {
  switch (action) {
    case Action::kModelMetadata:
    case Action::kRootMetadata:
      return MessageType::kModelMetadata;
    case Action::kGraphMetadata:
      return MessageType::kGraphMetadata;
    default:
      return MessageType::kSeldonMessage;
  }
}

double seconds(graph::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

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
          encoded_.push_back(std::make_unique<std::string>(protocol::encode_base64(field.value)));
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

GrpcApi::GrpcApi(Predictor& predictor, std::string root, metrics::Families& metrics, int shard,
                 std::size_t max_decoded)
    : predictor_(predictor),
      root_(std::move(root)),
      metrics_(metrics),
      shard_(shard),
      max_decoded_(max_decoded),
      prediction_self_(metrics.request_self_seconds(shard, "predictions")),
      feedback_self_(metrics.request_self_seconds(shard, "feedback")),
      in_flight_(metrics.requests_in_flight(shard)) {
  requests_.reserve(kMethods.size());
  for (const std::string_view method : kMethods) {
    requests_.push_back(metrics.server(shard, method, "unary"));
  }
}

std::span<const std::string_view> GrpcApi::methods() const { return kMethods; }

graph::Awaitable<GrpcResponse> GrpcApi::handle(GrpcRequest& request) {
  const auto started = graph::Clock::now();
  const NodeHeaders headers(request.metadata);
  std::string puid(is_puid(headers.puid()) ? headers.puid() : puids_.next());
  graph::CallTimes times;
  CallContext context;
  context.puid = puid;
  context.headers = headers.headers();
  context.deadline = request.deadline;
  context.front = protocol::Transport::kGrpc;
  context.cancel = request.cancel;
  context.times = &times;

  in_flight_.add(1);
  auto answer = co_await ask_predictor(request, context);
  in_flight_.add(-1);
  GrpcResponse response = finish(request, std::move(answer));
  response.puid = std::move(puid);

  const auto took = graph::Clock::now() - started;
  requests_[request.method].observe(protocol::name_of(response.status.code), seconds(took));
  if (kActions[request.method] == Action::kPredict) {
    prediction_self_.observe(seconds(took - times.total()));
  } else if (kActions[request.method] == Action::kFeedback) {
    feedback_self_.observe(seconds(took - times.total()));
  }
  co_return response;
}

graph::Awaitable<GrpcApi::Answer> GrpcApi::ask_predictor(GrpcRequest& request,
                                                         CallContext& context) {
  switch (kActions[request.method]) {
    case Action::kFeedback:
      return predictor_.feedback(std::move(request.body), context);
    case Action::kRootMetadata:
      return predictor_.ask(Method::kMetadata, root_, context);
    case Action::kGraphMetadata:
      return predictor_.graph_metadata(context);
    case Action::kModelMetadata:
      return metadata_of(request.body, context);

    default:
      return predictor_.predict(std::move(request.body), context);
  }
}

graph::Awaitable<GrpcApi::Answer> GrpcApi::metadata_of(const protocol::Payload& request,
                                                       CallContext& context) {
  const auto name = protocol::read_metadata_name(request.bytes());
  if (!name) co_return name.error();
  co_return co_await predictor_.ask(Method::kMetadata, *name, context);
}

GrpcResponse GrpcApi::finish(const GrpcRequest& request, Answer answer) {
  if (!answer) return fail(answer.error());
  // A component may acknowledge a reward with nothing at all.
  if (answer->empty() && kActions[request.method] == Action::kFeedback) {
    return {{}, protocol::Payload::proto(""), ""};
  }
  auto message = protocol::convert(*answer, answer_type(kActions[request.method]), Encoding::kProto,
                                   max_decoded_);
  if (!message) {
    return fail(Status(protocol::Code::kBadUpstream, message.error().message(),
                       std::string(answer->origin())));
  }
  return {{}, *std::move(message), ""};
}

GrpcResponse GrpcApi::fail(const Status& status) {
  const HttpFailure failure = http_failure(status);
  if (status.code() != protocol::Code::kUpstream) {
    metrics_.requests_failed(shard_, failure.reason).add();
  }
  return {grpc_status(status), {}, ""};
}

}  // namespace infergraph::engine
