#include "graph/units/built_in.hpp"

#include <utility>

#include "protocol/convert/convert.hpp"
#include "protocol/gzip.hpp"

namespace infergraph::graph {

using protocol::Method;
using protocol::Payload;
using protocol::Result;

Result<Payload> as_json(const Payload& message, std::size_t max_decoded) {
  auto json = protocol::convert(message, protocol::MessageType::kSeldonMessage,
                                protocol::Encoding::kJson, max_decoded);
  if (!json) return json;
  return protocol::decoded(*json, max_decoded);
}

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
