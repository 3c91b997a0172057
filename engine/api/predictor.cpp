#include "engine/api/predictor.hpp"

#include <utility>

#include "graph/trail.hpp"
#include "graph/work_place.hpp"
#include "protocol/gzip.hpp"
#include "protocol/seldon/json.hpp"
#include "protocol/seldon/proto.hpp"

namespace infergraph::engine {

using graph::CallContext;
using protocol::Payload;
using protocol::Result;

namespace {

// What the answer was, with the routing in its meta; an answer that can't hold it stays as it is.
Payload with_routing_of(const graph::Trail& trail, const Payload& answer, std::size_t max_decoded) {
  // Only a SeldonMessage has a meta.
  if (answer.protocol() != protocol::Protocol::kSeldon) return answer;
  if (answer.encoding() == protocol::Encoding::kProto) {
    Payload made = Payload::proto(protocol::with_routing_proto(answer.bytes(), trail.routing()));
    made.set_origin(answer.origin());
    return made;
  }
  const auto plain = protocol::decoded(answer, max_decoded);
  if (!plain) return answer;
  auto text = protocol::with_routing(plain->bytes(), trail.routing());
  if (!text || *text == plain->bytes()) return answer;

  // Its text is new; its content type and headers still lie in the old block.
  struct Owner {
    Payload answer;
    std::string text;
  };
  auto owner = std::make_shared<const Owner>(Owner{answer, *std::move(text)});
  const std::string_view bytes = owner->text;
  Payload made(std::move(owner), bytes);
  made.set_content_type(answer.content_type());
  made.set_status(answer.status());
  made.set_headers(answer.headers());
  made.set_origin(answer.origin());
  return made;
}

}  // namespace

// What needs nothing behind the walk is no coroutine: the walk's own awaitable saves a frame.
Awaitable<Result<Payload>> Predictor::predict(Payload message, CallContext& context) {
  return options_.inject_routing ? predict_with_routing(std::move(message), context)
                                 : walker_.predict(std::move(message), context);
}

Awaitable<Result<Payload>> Predictor::predict_with_routing(Payload message, CallContext& context) {
  graph::Trail trail;
  context.trail = &trail;
  auto answer = co_await walker_.predict(std::move(message), context);
  if (!answer) co_return answer;
  const auto inject = [&]() -> Result<Payload> {
    return with_routing_of(trail, *answer, options_.max_decoded);
  };
  auto made = graph::try_here(context, answer->size(), inject);
  if (!made) made = co_await graph::elsewhere(context, answer->size(), inject);
  co_return *std::move(made);
}

Awaitable<Result<Payload>> Predictor::feedback(Payload body, CallContext& context) {
  return walker_.feedback(std::move(body), context);
}

Awaitable<Result<Payload>> Predictor::ask(protocol::Method method, std::string_view node,
                                          Payload request, CallContext& context) {
  const bool is_own = plan_->find(node) != nullptr || context.model.empty();
  const std::string_view asked = is_own ? node : std::string_view(plan_->root().name);
  return walker_.ask(method, asked, std::move(request), context);
}

Awaitable<Result<Payload>> Predictor::graph_metadata(CallContext& context) {
  return walker_.graph_metadata(context);
}

}  // namespace infergraph::engine
