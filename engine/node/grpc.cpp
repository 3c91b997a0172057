#include "engine/node/grpc.hpp"

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/grpc/completion.hpp"
#include "engine/grpc/message_bytes.hpp"
#include "engine/grpc/metadata.hpp"
#include "engine/grpc/queue.hpp"
#include "engine/node/exhaustion.hpp"
#include "engine/node/grpc_channel.hpp"
#include "engine/node/retry.hpp"
#include "protocol/convert/status_map.hpp"
#include "protocol/routes.hpp"

namespace infergraph::engine {

using graph::CallContext;
using graph::NodeType;
using protocol::Code;
using protocol::Method;
using protocol::Operation;
using protocol::Payload;
using protocol::Protocol;
using protocol::Status;

namespace {

using Methods = std::array<std::string, protocol::kMethodCount>;

// What the reference calls on a component of protocol seldon, whatever its type, in the order of
// protocol::Method. Source: docs/wire/seldon.md §2; the last but one is the standard health
// service.
Methods first_methods() {
  return {"/seldon.protos.Model/Predict",
          "/seldon.protos.Transformer/TransformInput",
          "/seldon.protos.OutputTransformer/TransformOutput",
          "/seldon.protos.Router/Route",
          "/seldon.protos.Combiner/Aggregate",
          "/seldon.protos.Model/SendFeedback",
          "/grpc.health.v1.Health/Check",
          "/seldon.protos.Model/Metadata"};
}

// The other service with such a method, which the first engine called on nodes without a type, and
// routers' feedback (docs/wire/seldon.md §2).
Methods other_methods(NodeType type) {
  return {"",
          "/seldon.protos.Generic/TransformInput",
          "/seldon.protos.Generic/TransformOutput",
          "/seldon.protos.Generic/Route",
          "/seldon.protos.Generic/Aggregate",
          type == NodeType::kRouter ? "/seldon.protos.Router/SendFeedback"
                                    : "/seldon.protos.Generic/SendFeedback",
          "",
          ""};
}

Methods methods_of(const GrpcNodeOptions& options) {
  if (options.protocol == Protocol::kSeldon) return first_methods();
  Methods made;
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i] = protocol::grpc_method(options.protocol, static_cast<Method>(i), options.has_model);
  }
  return made;
}

Methods other_methods_of(NodeType type, const GrpcNodeOptions& options) {
  return options.protocol == Protocol::kSeldon ? other_methods(type) : Methods();
}

// The node itself says that it has no such method.
bool is_unimplemented(const Status& status) {
  return status.grpc_answer() && status.grpc_answer()->code == protocol::GrpcCode::kUnimplemented;
}

// HealthCheckResponse{status: SERVING} on the wire.
constexpr std::string_view kServing = "\x08\x01";
// ServerReadyResponse{ready: true}.
constexpr std::string_view kReady = "\x08\x01";

// What grpc++ says when there is no connection, and when one is lost.
constexpr std::string_view kNoConnection = "failed to connect to all addresses";
constexpr std::array<std::string_view, 7> kTransportTexts = {
    kNoConnection,     "Socket closed",    "recvmsg:",        "sendmsg:",
    "GOAWAY received", "Transport closed", "Connection reset"};

// Both clocks are the system's monotonic one.
gpr_timespec to_timespec(Clock::time_point when) {
  using std::chrono::duration_cast;
  const auto since = when.time_since_epoch();
  const auto whole = duration_cast<std::chrono::seconds>(since);
  const auto rest = duration_cast<std::chrono::nanoseconds>(since - whole);
  return {whole.count(), static_cast<std::int32_t>(rest.count()), GPR_CLOCK_MONOTONIC};
}

std::array<CallMeter::Labels, protocol::kMethodCount> labels_of(const Methods& methods) {
  std::array<CallMeter::Labels, protocol::kMethodCount> made;
  for (std::size_t i = 0; i < made.size(); ++i) made[i] = {methods[i], "unary"};
  return made;
}

}  // namespace

// One try of a call.
class GrpcNode::Call final : public Cancellable {
 public:
  Call(GrpcChannels::Lease its_lease, boost::asio::io_context* loop)
      : lease(std::move(its_lease)), done(loop) {}

  GrpcChannels::Lease lease;
  grpc::ClientContext context;
  grpc::ByteBuffer answer;
  grpc::Status status;
  AwaitedCompletion done;

  void start(const std::string& method, const Payload& payload, grpc::CompletionQueue& queue) {
    reader_ =
        lease.channel().stub.PrepareUnaryCall(&context, method, to_byte_buffer(payload), &queue);
    reader_->StartCall();
    reader_->Finish(&answer, &status, tag_of(done));
  }

  // The connection failed before the call or under it, and the node has not said a word: the
  // channel is down, or others have it up again and only the text is left to tell. A server that
  // shuts down kills with CANCELLED what reaches it too late.
  bool is_connection_failure() const {
    const std::string& text = status.error_message();
    if (status.error_code() == grpc::StatusCode::CANCELLED) return text == "CANCELLED";
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return false;
    return !lease.channel().is_ready() ||
           std::any_of(kTransportTexts.begin(), kTransportTexts.end(),
                       [&](std::string_view begin) { return text.starts_with(begin); });
  }
  // It never had a connection to go out by.
  bool was_never_sent() const { return status.error_message().starts_with(kNoConnection); }

  void cancel() override { context.TryCancel(); }

 private:
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
};

GrpcNode::GrpcNode(std::string name, NodeType type, std::unique_ptr<GrpcChannels> channels,
                   GrpcNodeOptions options, GrpcCaller caller, metrics::Families* metrics,
                   const std::string& image, const std::string& version)
    : name_(std::move(name)),
      channels_(std::move(channels)),
      options_(options),
      timeout_(to_clock(options_.timeout)),
      caller_(caller),
      over_limit_(" vs. " + std::to_string(channels_->max_answer()) + ")"),
      services_{Known{methods_of(options), CallMeter(metrics, caller.shard, name_, image, version,
                                                     labels_of(methods_of(options)))},
                Known{other_methods_of(type, options),
                      CallMeter(metrics, caller.shard, name_, image, version,
                                labels_of(other_methods_of(type, options)))}} {
  for (std::size_t i = 0; i < predictions_.size(); ++i) {
    predictions_[i] =
        protocol::grpc_method(options_.protocol, Method::kPredict, true, static_cast<Operation>(i));
  }
  if (metrics != nullptr) retries_ = &metrics->node_retries(caller_.shard, name_);
}

GrpcNode::~GrpcNode() = default;

Awaitable<GrpcNode::Answer> GrpcNode::call(Method method, Payload payload, CallContext& context) {
  const Service service = used_[static_cast<std::size_t>(method)];
  CallMeter* counting = &services_[service].meter;
  const auto began = counting->begin(context);
  try {
    const Deadline limit = std::min(context.deadline, Deadline::after(began, timeout_));
    auto answer = co_await send(service, method, payload, context, limit);
    end(service, method, context, began, answer);
    counting = nullptr;
    if (answer || !is_unimplemented(answer.error())) co_return answer;

    const Service other = service == kFirst ? kOther : kFirst;
    if (services_[other].methods[static_cast<std::size_t>(method)].empty()) co_return answer;
    counting = &services_[other].meter;
    const auto began_again = counting->begin(context);
    auto second = co_await send(other, method, payload, context, limit);
    end(other, method, context, began_again, second);
    counting = nullptr;
    if (!second && is_unimplemented(second.error())) co_return answer;
    if (second || second.error().grpc_answer()) used_[static_cast<std::size_t>(method)] = other;
    co_return second;
  } catch (...) {
    if (counting != nullptr) counting->abandon(context);
    throw;
  }
}

void GrpcNode::end(Service service, Method method, CallContext& context, Clock::time_point began,
                   const Answer& answer) {
  const auto code = answer ? protocol::GrpcCode::kOk : protocol::grpc_code(answer.error());
  services_[service].meter.end(context, method, began, protocol::go_name_of(code));
}

Awaitable<GrpcNode::Answer> GrpcNode::send(Service service, Method method, const Payload& payload,
                                           CallContext& context, Deadline limit) {
  std::vector<TcpEndpoint> tried;
  bool lost_one = false;
  for (;;) {
    if (context.cancel->cancelled()) co_return failed(Code::kCancelled, "cancelled");
    if (method_of(service, method, context).empty()) {
      co_return failed(Code::kInvalidRouting, "protocol " +
                                                  std::string(name_of(options_.protocol)) +
                                                  " has no such call over gRPC; give the node "
                                                  "an httpPort");
    }
    auto lease = channels_->lease(tried);
    if (!lease) co_return failed(Code::kUnavailable, "can't resolve: " + channels_->book().error());
    Call call(*std::move(lease), caller_.loop);
    call.context.set_authority(channels_->authority());
    if (!limit.is_never()) call.context.set_deadline(to_timespec(limit.at()));
    std::string key;
    std::string value;
    for (const protocol::HeaderField& field : context.headers) {
      if (is_end_to_end(field.name) && to_metadata(field, key, value)) {
        call.context.AddMetadata(key, value);
      }
    }
    call.context.AddMetadata("seldon-puid", std::string(context.puid));
    context.cancel->add(call);
    call.start(method_of(service, method, context), payload,
               *channels_->transport().thread().queue().queue);
    co_await call.done.wait();

    if (call.status.ok()) co_return answer_of(method, call);
    if (limit.has_passed(Clock::now()))
      co_return failed(Code::kDeadlineExceeded, "no answer in time", call);
    if (context.cancel->cancelled()) co_return failed(Code::kCancelled, "cancelled", call);
    if (!call.is_connection_failure()) co_return answer_of(method, call);
    if (call.was_never_sent() && is_exhaustion(call.status.error_message())) {
      co_return exhausted(call.status.error_message());
    }

    tried.push_back(call.lease.endpoint());
    const bool unsent = call.was_never_sent();
    const std::size_t addresses = channels_->address_count();
    const FailedTry failed_try{method, unsent ? Reached::kNoConnection : Reached::kPerhapsServed,
                               true, lost_one, addresses - std::min(addresses, tried.size())};
    lost_one = lost_one || !unsent;
    if (repeat_after(failed_try) == Repeat::kNo) {
      co_return failed(
          Code::kUnavailable,
          (unsent ? "can't connect: " : "connection lost: ") + call.status.error_message(), call);
    }
    if (retries_ != nullptr) retries_->add();
  }
}

const std::string& GrpcNode::method_of(Service service, Method method,
                                       const CallContext& context) const {
  const bool predicts = method == Method::kPredict || method == Method::kTransformInput ||
                        method == Method::kTransformOutput;
  if (options_.protocol == Protocol::kTensorflow && predicts) {
    return predictions_[static_cast<std::size_t>(context.operation)];
  }
  return services_[service].methods[static_cast<std::size_t>(method)];
}

GrpcNode::Answer GrpcNode::answer_of(Method method, Call& call) const {
  const auto code = static_cast<protocol::GrpcCode>(call.status.error_code());
  if (method == Method::kStatus && options_.protocol == Protocol::kSeldon) {
    // Few components serve health; one that answers that it doesn't is alive.
    const bool answers = call.status.ok() || code == protocol::GrpcCode::kUnimplemented;
    if (call.status.ok() && to_payload(call.answer).bytes() != kServing) {
      return failed(Code::kUnavailable, "the node says that it isn't serving", call);
    }
    if (answers) return Payload::json(R"({"meta":{},"strData":"healthy"})");
  } else if (call.status.ok()) {
    if (method == Method::kStatus && !options_.has_model &&
        to_payload(call.answer).bytes() != kReady) {
      return failed(Code::kUnavailable, "the server says that it isn't ready", call);
    }
    Payload answer = to_payload(call.answer);
    answer.set_origin(name_);
    answer.set_protocol(options_.protocol);
    return answer;
  }
  // grpc++ on this side said so: it is no matter of load, and trying again won't help.
  if (code == protocol::GrpcCode::kResourceExhausted &&
      call.status.error_message().ends_with(over_limit_)) {
    return failed(Code::kBadUpstream, call.status.error_message(), call);
  }
  Status failure = Status::from_upstream(
      name_, protocol::GrpcStatus{protocol::to_grpc_code(static_cast<int>(code)),
                                  call.status.error_message(), call.status.error_details()});
  failure.set_peer(to_text(call.lease.endpoint()));
  return failure;
}

Status GrpcNode::failed(Code code, std::string_view what) const {
  return {code, std::string(what) + " (" + channels_->authority() + ")", name_};
}

Status GrpcNode::failed(Code code, std::string_view what, const Call& call) const {
  Status made = failed(code, what);
  made.set_peer(to_text(call.lease.endpoint()));
  return made;
}

}  // namespace infergraph::engine
