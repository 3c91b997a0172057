#include "graph/units/built_in.hpp"

#include <utility>

namespace infergraph::graph {

using protocol::Method;
using protocol::Payload;
using protocol::Result;

Awaitable<Result<Payload>> BuiltInUnit::call(Method method, Payload message, CallContext&) {
  switch (method) {
    case Method::kSendFeedback:
    case Method::kMetadata:
      co_return Payload::json("{}");
    case Method::kStatus:
      co_return Payload();
    default:
      co_return message;
  }
}

Awaitable<Result<int>> BuiltInUnit::route(Payload, CallContext&) { co_return -1; }

Awaitable<Result<Payload>> BuiltInUnit::aggregate(std::vector<Payload> answers, CallContext&) {
  co_return std::move(answers.front());
}

}  // namespace infergraph::graph
