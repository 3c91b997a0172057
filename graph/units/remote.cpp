#include "graph/units/remote.hpp"

#include <span>
#include <string>
#include <utility>

#include "protocol/codec/seldon_json.hpp"
#include "protocol/codec/seldon_proto.hpp"
#include "protocol/convert.hpp"
#include "protocol/gzip.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Encoding;
using protocol::MessageType;
using protocol::Method;
using protocol::Payload;
using protocol::Result;
using protocol::Status;
using protocol::Transport;

namespace {

Encoding encoding_of(Transport transport) {
  return transport == Transport::kRest ? Encoding::kJson : Encoding::kProto;
}

bool has_message(Method method) { return method != Method::kStatus && method != Method::kMetadata; }

Result<Payload> joined_json(std::span<const Payload> answers) {
  auto list = protocol::join_array(answers);
  if (!list) return list.error();
  return Payload::json(*std::move(list));
}

}  // namespace

RemoteUnit::RemoteUnit(NodeClients clients, std::size_t max_decoded)
    : clients_(std::move(clients)), max_decoded_(max_decoded) {}

Transport RemoteUnit::transport(const CallContext& context) const {
  if (!clients_.grpc) return Transport::kRest;
  if (!clients_.rest) return Transport::kGrpc;
  return context.front;
}

NodeClient& RemoteUnit::client(Transport transport) const {
  return transport == Transport::kRest ? *clients_.rest : *clients_.grpc;
}

RemoteUnit::Answer RemoteUnit::converted(const Payload& message, MessageType type,
                                         Transport transport) const {
  auto made = protocol::convert(message, type, encoding_of(transport), max_decoded_);
  // Whoever wrote the message is to blame: an earlier node, or the caller.
  if (!made && !message.origin().empty()) {
    return Status(Code::kBadUpstream, made.error().message(), std::string(message.origin()));
  }
  return made;
}

Awaitable<Result<Payload>> RemoteUnit::call(Method method, Payload message, CallContext& context) {
  const Transport by = transport(context);
  // What goes through untouched gets no coroutine frame of its own.
  if (message.encoding() == encoding_of(by) || !has_message(method)) {
    return client(by).call(method, std::move(message), context);
  }
  return call_converted(method, std::move(message), by, context);
}

Awaitable<Result<Payload>> RemoteUnit::call_converted(Method method, Payload message, Transport by,
                                                      CallContext& context) {
  const auto type =
      method == Method::kSendFeedback ? MessageType::kFeedback : MessageType::kSeldonMessage;
  auto made = converted(message, type, by);
  if (!made) co_return made;
  message = Payload();  // the conversion is enough to hold
  co_return co_await client(by).call(method, *std::move(made), context);
}

Awaitable<Result<int>> RemoteUnit::route(Payload message, CallContext& context) {
  const auto answer = co_await call(Method::kRoute, std::move(message), context);
  if (!answer) co_return answer.error();
  if (answer->encoding() == Encoding::kProto) co_return protocol::read_route_proto(answer->bytes());
  const auto plain = protocol::decoded(*answer, max_decoded_);
  if (!plain) co_return Status(Code::kBadUpstream, plain.error().message());
  co_return protocol::read_route(plain->bytes());
}

Awaitable<Result<Payload>> RemoteUnit::aggregate(std::vector<Payload> answers,
                                                 CallContext& context) {
  const Transport by = transport(context);
  for (Payload& answer : answers) {
    Answer made = answer.encoding() == encoding_of(by)
                      ? protocol::decoded(answer, max_decoded_)
                      : converted(answer, MessageType::kSeldonMessage, by);
    if (!made && made.error().code() == Code::kInvalidArgument) {
      co_return Status(Code::kBadUpstream, made.error().message(), std::string(answer.origin()));
    }
    if (!made) co_return made;
    answer = *std::move(made);
  }
  Answer list = by == Transport::kRest ? joined_json(answers) : protocol::join_list_proto(answers);
  if (!list) co_return list;
  answers.clear();  // the list holds what of them it needs
  co_return co_await client(by).call(Method::kAggregate, *std::move(list), context);
}

}  // namespace infergraph::graph
