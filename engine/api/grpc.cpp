#include "engine/api/grpc.hpp"

#include <memory>
#include <utility>

#include "base/base64.hpp"
#include "engine/grpc/metadata.hpp"

namespace infergraph::engine {

using protocol::HeaderField;
using protocol::Protocol;

namespace {

// The caller's metadata as headers for the nodes. In HTTP, bytes travel as base64. grpc++ takes
// from the wire what it would refuse to send, such as the end of a line.
class NodeHeaders {
 public:
  void take(std::span<const HeaderField> metadata) {
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

std::vector<CountedService> services_of(std::span<const GrpcMethod> methods) {
  std::vector<CountedService> made;
  for (const GrpcMethod& method : methods) made.push_back({method.name, "unary"});
  return made;
}

// Nothing is thrown out of handle(), so what there is no memory for is left out.
void take(Reply& reply, GrpcResponse& response) noexcept {
  response.body = std::move(reply.payload);
  try {
    response.puid = reply.headers.value(kPuidHeader);
    response.failed_node = reply.headers.value(kFailedNodeHeader);
  } catch (...) {
    response.failed_node.clear();
  }
}

}  // namespace

GrpcApi::GrpcApi(GrpcApiOptions options, Predictor& predictor, const ReadyState& ready_state,
                 metrics::Families& metrics, int shard)
    : methods_(grpc_methods(options.protocols)),
      core_({.max_decoded = options.max_decoded,
             .keeps_requests = options.keeps_requests,
             .work = options.work},
            services_of(methods_), predictor, ready_state, metrics, shard),
      v2_stream_(*this) {
  names_.reserve(methods_.size());
  for (const GrpcMethod& method : methods_) {
    names_.push_back(method.name);
    // A message of the stream is a call of this method.
    if (method.protocol == Protocol::kV2 && method.what == Asked::kPredictions) {
      v2_stream_.set_method(names_.size() - 1);
      StreamHandler* const relay = options.v2_relay;
      streams_.push_back({V2Stream::kMethod, relay == nullptr ? &v2_stream_ : relay});
    }
  }
}

Awaitable<GrpcResponse> GrpcApi::handle(GrpcRequest& request) {
  const GrpcMethod& method = methods_[request.method];
  NodeHeaders node_headers;
  protocol::HeaderList headers;
  GrpcResponse response;
  Reply reply(headers, &response.status);
  Ask ask;
  ask.what = method.what;
  ask.protocol = method.protocol;
  ask.operation = method.operation;
  ask.transport = protocol::Transport::kGrpc;
  ask.service = request.method;
  ask.deadline = Deadline(request.deadline);
  ask.cancel = request.cancel;
  ask.caller = request.caller;
  // What is thrown, but for the part that the core watches over, ends here.
  try {
    node_headers.take(request.metadata);
    ask.puid = node_headers.puid();
    ask.headers = node_headers.headers();
    ask.request.payload = std::move(request.body);
    core_.begin(ask, reply);
    if (ApiCore::is_answered_now(ask.what)) {
      core_.answer_now(ask, reply);
    } else {
      co_await core_.serve(ask, reply);
    }
  } catch (...) {
    core_.fail_thrown(ask, reply);
  }
  core_.count(ask, reply);
  take(reply, response);
  co_return response;
}

}  // namespace infergraph::engine
