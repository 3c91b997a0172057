#include "engine/api/predictor.hpp"

#include <utility>

#include "graph/trail.hpp"
#include "graph/walker.hpp"
#include "graph/work_place.hpp"
#include "protocol/gzip.hpp"
#include "protocol/seldon/json.hpp"
#include "protocol/seldon/proto.hpp"

namespace infergraph::engine {

using graph::CallContext;
using graph::Walker;
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

// Two coroutines, so that the usual one's frame is short enough to be used again.
Awaitable<Result<Payload>> Predictor::predict(Payload message, CallContext& context) {
  return options_.inject_routing ? predict_with_routing(std::move(message), context)
                                 : predict_plainly(std::move(message), context);
}

Awaitable<Result<Payload>> Predictor::predict_plainly(Payload message, CallContext& context) {
  const auto plan = plan_;
  Walker walker(*plan, options_.max_decoded);
  co_return co_await walker.predict(std::move(message), context);
}

Awaitable<Result<Payload>> Predictor::predict_with_routing(Payload message, CallContext& context) {
  const auto plan = plan_;
  Walker walker(*plan, options_.max_decoded);
  graph::Trail trail;
  context.trail = &trail;
  auto answer = co_await walker.predict(std::move(message), context);
  if (!answer) co_return answer;
  const auto inject = [&]() -> Result<Payload> {
    return with_routing_of(trail, *answer, options_.max_decoded);
  };
  auto made = graph::try_here(context, answer->size(), inject);
  if (!made) made = co_await graph::elsewhere(context, answer->size(), inject);
  co_return *std::move(made);
}

Awaitable<Result<Payload>> Predictor::feedback(Payload body, CallContext& context) {
  const auto plan = plan_;
  Walker walker(*plan, options_.max_decoded);
  co_return co_await walker.feedback(std::move(body), context);
}

Awaitable<Result<Payload>> Predictor::ask(protocol::Method method, std::string_view node,
                                          Payload request, CallContext& context) {
  const auto plan = plan_;
  Walker walker(*plan, options_.max_decoded);
  const bool is_own = plan->find(node) != nullptr || context.model.empty();
  const std::string_view asked = is_own ? node : std::string_view(plan->root().name);
  co_return co_await walker.ask(method, asked, std::move(request), context);
}

Awaitable<Result<Payload>> Predictor::graph_metadata(CallContext& context) {
  const auto plan = plan_;
  Walker walker(*plan, options_.max_decoded);
  co_return co_await walker.graph_metadata(context);
}

}  // namespace infergraph::engine
