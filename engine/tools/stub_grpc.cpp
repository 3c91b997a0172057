#include "engine/tools/stub_grpc.hpp"

#include <array>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "engine/status_map.hpp"
#include "graph/event.hpp"
#include "graph/unit_registry.hpp"
#include "protocol/convert.hpp"

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
    Known{"/seldon.protos.Model/Metadata", "/metadata", kMessage, MessageType::kModelMetadata},
};

constexpr auto kMethods = [] {
  std::array<std::string_view, kKnown.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kKnown[i].method;
  return names;
}();

// What both threads have of one call; the posts between them order it.
struct Call {
  HttpRequest request;
  std::string header_lines;
  HttpResponse response;
  graph::Event done;
};

GrpcResponse refuse(protocol::GrpcCode code, std::string why) {
  return {{code, std::move(why), ""}, {}, ""};
}

}  // namespace

std::span<const std::string_view> StubGrpc::methods() const { return kMethods; }

graph::Awaitable<GrpcResponse> StubGrpc::handle(GrpcRequest& request) {
  const Known& known = kKnown[request.method];
  const auto body =
      protocol::convert(request.body, known.takes, Encoding::kJson, graph::kDefaultMaxDecoded);
  if (!body) co_return refuse(protocol::GrpcCode::kInvalidArgument, body.error().message());

  auto call = std::make_shared<Call>();
  call->request.verb = known.gives == MessageType::kModelMetadata ? "GET" : "POST";
  call->request.path = known.path;
  call->request.body = *body;
  auto ended = [call, &home = home_](const std::exception_ptr&, HttpResponse response) {
    call->response = std::move(response);
    home.post([call] { call->done.notify(); });
  };
  boost::asio::post(io_.context, [this, call, ended] {
    boost::asio::co_spawn(io_.context, service_.handle(call->request, call->header_lines), ended);
  });
  co_await call->done.wait();

  if (call->response.status >= 300) {
    Payload error = call->response.body;
    error.set_status(call->response.status);
    co_return GrpcResponse{
        grpc_status(protocol::Status::from_upstream("", std::move(error))), {}, ""};
  }
  const auto answer = protocol::convert(call->response.body, known.gives, Encoding::kProto,
                                        graph::kDefaultMaxDecoded);
  if (!answer) co_return refuse(protocol::GrpcCode::kInternal, answer.error().message());
  co_return GrpcResponse{{}, *answer, ""};
}

}  // namespace infergraph::engine
