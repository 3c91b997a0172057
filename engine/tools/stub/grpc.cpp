#include "engine/tools/stub/grpc.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/async/event.hpp"
#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/seldon/python_json.hpp"
#include "graph/units/registry.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/limits.hpp"

namespace infergraph::engine {

using protocol::Encoding;
using protocol::MessageType;
using protocol::Payload;

namespace {

struct Known {
  std::string_view method;
  std::string_view path;
  MessageType takes;
  MessageType gives = MessageType::kSeldonMessage;
};

constexpr MessageType kMessage = MessageType::kSeldonMessage;
constexpr MessageType kList = MessageType::kSeldonMessageList;
constexpr std::array kKnown = {
    Known{"/seldon.protos.Model/Predict", "/predict", kMessage},
    Known{"/seldon.protos.Seldon/Predict", "/predict", kMessage},
    Known{"/seldon.protos.Transformer/TransformInput", "/transform-input", kMessage},
    Known{"/seldon.protos.Generic/TransformInput", "/transform-input", kMessage},
    Known{"/seldon.protos.OutputTransformer/TransformOutput", "/transform-output", kMessage},
    Known{"/seldon.protos.Generic/TransformOutput", "/transform-output", kMessage},
    Known{"/seldon.protos.Router/Route", "/route", kMessage},
    Known{"/seldon.protos.Generic/Route", "/route", kMessage},
    Known{"/seldon.protos.Combiner/Aggregate", "/aggregate", kList},
    Known{"/seldon.protos.Generic/Aggregate", "/aggregate", kList},
    Known{"/seldon.protos.Model/SendFeedback", "/send-feedback", MessageType::kFeedback},
    Known{"/seldon.protos.Router/SendFeedback", "/send-feedback", MessageType::kFeedback},
    Known{"/seldon.protos.Generic/SendFeedback", "/send-feedback", MessageType::kFeedback},
    Known{"/seldon.protos.Seldon/SendFeedback", "/send-feedback", MessageType::kFeedback},
    Known{"/seldon.protos.Model/Metadata", "/metadata", kMessage, MessageType::kModelMetadata},
    Known{"/seldon.protos.Seldon/ModelMetadata", "/metadata", kMessage,
          MessageType::kModelMetadata},
    Known{"/seldon.protos.Seldon/GraphMetadata", "", kMessage, MessageType::kGraphMetadata},
};

constexpr auto kMethods = [] {
  std::array<std::string_view, kKnown.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kKnown[i].method;
  return names;
}();

// What both threads have of one call; the posts between them order it.
struct Call {
  HttpRequest request;
  StubReply reply;
  Event done;
};

GrpcResponse refuse(protocol::GrpcCode code, std::string why) {
  return {{code, std::move(why), ""}, {}, ""};
}

// Python's gRPC tells any exception so.
GrpcResponse thrown(std::string_view text) {
  return refuse(protocol::GrpcCode::kUnknown,
                "Exception calling application: " + std::string(text));
}

// What the wrapper answers over gRPC where it answers `error` over REST: its own exceptions have no
// text there.
GrpcResponse thrown(const HttpResponse& error) {
  rapidjson::Document body;
  if (error.status == 400 || !parse_json(error.body.bytes(), body)) return thrown("");
  const rapidjson::Value* status = last_member(body, "status");
  const rapidjson::Value* info = status == nullptr ? nullptr : last_member(*status, "info");
  if (info == nullptr || !info->IsString()) return thrown("");
  return thrown(std::string_view(info->GetString(), info->GetStringLength()));
}

}  // namespace

Awaitable<StubReply> StubCaller::ask(std::string_view verb, std::string_view path, Payload body) {
  auto call = std::make_shared<Call>();
  call->request.verb = verb;
  call->request.path = path;
  call->request.body = std::move(body);
  auto ended = [call, &thread = home](const std::exception_ptr&, StubReply reply) {
    call->reply = std::move(reply);
    thread.post([call] { call->done.notify(); });
  };
  boost::asio::post(io.context, [this, call, ended] {
    boost::asio::co_spawn(io.context, service.answer(call->request), ended);
  });
  co_await call->done.wait();
  co_return std::move(call->reply);
}

std::span<const std::string_view> StubGrpc::methods() const { return kMethods; }

Awaitable<GrpcResponse> StubGrpc::handle(GrpcRequest& request) {
  const Known& known = kKnown[request.method];
  if (known.path.empty()) co_return thrown("GraphMetadata not available on the Model level.");
  const bool is_question = known.gives == MessageType::kModelMetadata;
  Payload body;
  if (!is_question) {
    auto json = protocol::convert(request.body, known.takes, Encoding::kJson, protocol::kMaxBody);
    if (!json) co_return refuse(protocol::GrpcCode::kInternal, "Exception deserializing request!");
    body = *std::move(json);
  }
  StubReply reply = co_await caller_.ask(is_question ? "GET" : "POST", known.path, std::move(body));
  if (reply.response.status >= 300) co_return thrown(reply.response);
  const auto answer =
      protocol::convert(reply.response.body, known.gives, Encoding::kProto, protocol::kMaxBody);
  if (!answer) co_return thrown(answer.error().message());
  co_return GrpcResponse{{}, *answer, ""};
}

StubServerGrpc::StubServerGrpc(StubCaller caller) : caller_(caller), stream_(*this) {
  const auto names = methods();
  const auto infer =
      std::find(names.begin(), names.end(), "/inference.GRPCInferenceService/ModelInfer");
  if (infer == names.end()) return;
  stream_.set_method(static_cast<std::size_t>(infer - names.begin()));
  streams_.push_back({V2Stream::kMethod, &stream_});
}

std::span<const std::string_view> StubServerGrpc::methods() const {
  return caller_.service.stub().server()->grpc_methods();
}

Awaitable<GrpcResponse> StubServerGrpc::handle(GrpcRequest& request) {
  StubReply reply =
      co_await caller_.ask("POST", methods()[request.method], std::move(request.body));
  co_return GrpcResponse{std::move(reply.status), std::move(reply.response.body), ""};
}

}  // namespace infergraph::engine
