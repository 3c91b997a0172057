#include "graph/units/remote.hpp"

#include <utility>

#include "protocol/codec/seldon_json.hpp"
#include "protocol/gzip.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Method;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

RemoteUnit::RemoteUnit(std::unique_ptr<NodeClient> client, std::size_t max_decoded)
    : client_(std::move(client)), max_decoded_(max_decoded) {}

Awaitable<Result<Payload>> RemoteUnit::call(Method method, Payload message, CallContext& context) {
  return client_->call(method, std::move(message), context);
}

Awaitable<Result<int>> RemoteUnit::route(Payload message, CallContext& context) {
  const auto answer = co_await client_->call(Method::kRoute, std::move(message), context);
  if (!answer) co_return answer.error();
  const auto plain = protocol::decoded(*answer, max_decoded_);
  if (!plain) co_return Status(Code::kBadUpstream, plain.error().message());
  co_return protocol::read_route(plain->bytes());
}

Awaitable<Result<Payload>> RemoteUnit::aggregate(std::vector<Payload> answers,
                                                 CallContext& context) {
  for (Payload& answer : answers) {
    auto plain = protocol::decoded(answer, max_decoded_);
    if (!plain) co_return Status(Code::kBadUpstream, plain.error().message());
    answer = *std::move(plain);
  }
  auto list = protocol::join_array(answers);
  if (!list) co_return list.error();
  co_return co_await client_->call(Method::kAggregate, Payload::json(*std::move(list)), context);
}

}  // namespace infergraph::graph
