#include "graph/units/remote.hpp"

#include <span>
#include <string>
#include <utility>

#include "graph/units/model_request.hpp"
#include "protocol/codec/seldon_json.hpp"
#include "protocol/codec/seldon_proto.hpp"
#include "protocol/gzip.hpp"
#include "protocol/routes.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Encoding;
using protocol::MessageType;
using protocol::Method;
using protocol::Payload;
using protocol::Protocol;
using protocol::Result;
using protocol::Role;
using protocol::Status;
using protocol::Target;
using protocol::Transport;

namespace {

Encoding encoding_of(Transport transport) {
  return transport == Transport::kRest ? Encoding::kJson : Encoding::kProto;
}

bool has_message(Method method) { return method != Method::kStatus && method != Method::kMetadata; }

Result<Payload> joined_json(std::span<const Payload> answers, AggregateBody body) {
  auto list = body == AggregateBody::kMessages ? protocol::join_messages(answers)
                                               : protocol::join_array(answers);
  if (!list) return list.error();
  return Payload::json(*std::move(list));
}

// Whoever wrote a message that can't be converted is to blame: an earlier node, or the caller.
Status blamed(const Status& status, const Payload& message) {
  if (message.origin().empty()) return status;
  return {Code::kBadUpstream, status.message(), std::string(message.origin())};
}

// A model that was replaced may refuse what its predecessor took.
bool may_be_outdated(const Status& status) {
  if (status.code() != Code::kUpstream) return false;
  if (status.answer()) return status.answer()->status() / 100 == 4;
  const auto code = status.grpc_answer()->code;
  return code == protocol::GrpcCode::kInvalidArgument || code == protocol::GrpcCode::kNotFound ||
         code == protocol::GrpcCode::kFailedPrecondition;
}

}  // namespace

RemoteUnit::RemoteUnit(NodeClients clients, Options options)
    : clients_(std::move(clients)),
      options_(std::move(options)),
      lookup_(options_.protocol, options_.model) {}

Transport RemoteUnit::transport(Method method, const CallContext& context) const {
  if (!clients_.grpc) return Transport::kRest;
  if (!clients_.rest) return Transport::kGrpc;
  // Routers and combiners of these protocols are REST's alone.
  const bool rest_only = options_.protocol != Protocol::kSeldon &&
                         (method == Method::kRoute || method == Method::kAggregate);
  return rest_only ? Transport::kRest : context.front;
}

NodeClient& RemoteUnit::client(Transport transport) const {
  return transport == Transport::kRest ? *clients_.rest : *clients_.grpc;
}

Target RemoteUnit::target(Transport transport, const CallContext& context) const {
  Target made;
  made.protocol = options_.protocol;
  made.encoding = encoding_of(transport);
  made.operation = context.operation;
  made.model = lookup_.given().get();
  made.request = context.request;
  made.max_decoded = options_.max_decoded;
  return made;
}

RemoteUnit::Answer RemoteUnit::converted(const Payload& message, const Target& target) const {
  auto made = protocol::convert(message, target);
  if (!made) return blamed(made.error(), message);
  return made;
}

RemoteUnit::Answer RemoteUnit::adapted(Payload answer) const {
  const protocol::ModelProfile& model = *lookup_.given();
  if (!model.changes_answers() || options_.protocol == Protocol::kSeldon) return answer;
  auto made = protocol::adapt_answer(answer, model, options_.max_decoded);
  if (!made) return blamed(made.error(), answer);
  return made;
}

// Over gRPC the model's name is in the message: the node's own in a graph of several, and where the
// caller names none.
Payload RemoteUnit::named(const Payload& message) const {
  if (options_.protocol == Protocol::kSeldon) return message;
  const std::string& model = options_.model.name;
  return options_.is_only ? with_default_model(message, model) : with_model(message, model);
}

Awaitable<Result<Payload>> RemoteUnit::call(Method method, Payload message, CallContext& context) {
  const Transport by = transport(method, context);
  if (!has_message(method)) return ask(method, std::move(message), by, context);
  if (method == Method::kSendFeedback) return send_feedback(std::move(message), by, context);
  // What goes through untouched gets no coroutine frame of its own.
  if (options_.protocol == Protocol::kSeldon && message.protocol() == Protocol::kSeldon &&
      message.encoding() == encoding_of(by)) {
    return client(by).call(method, std::move(message), context);
  }
  if (protocol::is_already(message, target(by, context)) && !lookup_.given()->changes_answers()) {
    if (by == Transport::kGrpc) message = named(message);
    return client(by).call(method, std::move(message), context);
  }
  return call_converted(method, std::move(message), by, context);
}

Awaitable<Result<Payload>> RemoteUnit::ask(Method method, Payload request, Transport by,
                                           CallContext& context) {
  const bool is_same = options_.protocol != Protocol::kSeldon && !request.empty() &&
                       request.protocol() == options_.protocol &&
                       request.encoding() == encoding_of(by);
  if (!is_same) {
    request = model_request(options_.protocol, method, by, options_.model.name);
  } else if (options_.is_only) {
    request = with_default_model(request, options_.model.name);
  } else {
    request = with_model(request, options_.model.name);
  }
  auto answer = co_await client(by).call(method, std::move(request), context);
  if (answer) answer->set_model(lookup_.given());
  co_return answer;
}

Awaitable<Result<Payload>> RemoteUnit::send_feedback(Payload message, Transport by,
                                                     CallContext& context) {
  // Rewards are seldon's alone; a caller of another protocol has his echoed, as by the reference.
  if (options_.protocol != Protocol::kSeldon) {
    if (message.protocol() == Protocol::kSeldon) message = Payload::json("{}");
    co_return message;
  }
  if (message.encoding() != encoding_of(by)) {
    auto made =
        protocol::convert(message, MessageType::kFeedback, encoding_of(by), options_.max_decoded);
    if (!made) co_return blamed(made.error(), message);
    message = *std::move(made);
  }
  co_return co_await client(by).call(Method::kSendFeedback, std::move(message), context);
}

bool RemoteUnit::needs_metadata(const Payload& message, Transport by,
                                const CallContext& context) const {
  if (options_.protocol == Protocol::kSeldon) return false;
  if (context.operation != protocol::Operation::kPredict) return false;
  if (message.protocol() != options_.protocol) return true;
  // JSON of tensorflow tells no types: neither to proto, nor in the end to a caller who wants them.
  return options_.protocol == Protocol::kTensorflow &&
         (message.encoding() != encoding_of(by) || context.protocol != options_.protocol);
}

// As a caller of the node's own protocol calls it, where that is his to say.
ModelLookup::Profile RemoteUnit::called_as(ModelLookup::Profile model,
                                           const CallContext& context) const {
  const bool renamed =
      options_.is_only && !context.model.empty() && context.protocol == options_.protocol;
  if (!renamed) return model;
  auto made = std::make_shared<protocol::ModelProfile>(*model);
  made->name = protocol::percent_decoded(context.model);
  return made;
}

Awaitable<Result<Payload>> RemoteUnit::call_converted(Method method, Payload message, Transport by,
                                                      CallContext& context) {
  ModelLookup::Profile model = lookup_.given();
  const bool looks = needs_metadata(message, by, context);
  if (looks) model = co_await lookup_.find(client(by), by, context);
  for (bool again = false;; again = true) {
    Target asked = target(by, context);
    const ModelLookup::Profile called = called_as(model, context);
    asked.model = called.get();
    Answer made = converted(message, asked);
    if (!made) co_return made;
    if (by == Transport::kGrpc && protocol::is_already(message, asked)) {
      made = named(*made);
    }
    auto answer = co_await client(by).call(method, *std::move(made), context);
    if (answer) {
      answer->set_model(model);
      // Only predictions have outputs by name.
      if (context.operation != protocol::Operation::kPredict) co_return answer;
      co_return adapted(*std::move(answer));
    }
    if (!looks || again || !may_be_outdated(answer.error())) co_return answer;
    if (!co_await lookup_.has_changed(model, client(by), by, context)) co_return answer;
    model = co_await lookup_.find(client(by), by, context);
  }
}

Awaitable<Result<int>> RemoteUnit::route(Payload message, CallContext& context) {
  const Transport by = transport(Method::kRoute, context);
  // A router sees what its children will, so an answer stays one.
  if (message.protocol() != options_.protocol || message.encoding() != encoding_of(by)) {
    Target asked = target(by, context);
    asked.role = message.origin().empty() ? Role::kRequest : Role::kAnswer;
    auto made = converted(message, asked);
    if (!made) co_return made.error();
    message = *std::move(made);
  }
  const auto answer = co_await client(by).call(Method::kRoute, std::move(message), context);
  if (!answer) co_return answer.error();
  const auto plain = protocol::decoded(*answer, options_.max_decoded);
  if (!plain) co_return Status(Code::kBadUpstream, plain.error().message());
  auto oddity = protocol::RouteOddity::kNone;
  auto branch = plain->encoding() == Encoding::kProto
                    ? protocol::read_route_proto(plain->bytes(), &oddity)
                    : protocol::read_route(plain->bytes(), &oddity);
  if (oddity != protocol::RouteOddity::kNone && options_.on_odd_route) {
    options_.on_odd_route(oddity);
  }
  co_return branch;
}

Awaitable<Result<Payload>> RemoteUnit::aggregate(std::vector<Payload> answers,
                                                 CallContext& context) {
  const Transport by = transport(Method::kAggregate, context);
  Target asked = target(by, context);
  asked.role = Role::kAnswer;
  asked.request = nullptr;
  asked.binary = false;
  for (Payload& answer : answers) {
    Answer made = protocol::is_already(answer, asked)
                      ? protocol::decoded(answer, options_.max_decoded)
                      : converted(answer, asked);
    if (!made && made.error().code() == Code::kInvalidArgument) {
      co_return Status(Code::kBadUpstream, made.error().message(), std::string(answer.origin()));
    }
    if (!made) co_return made;
    answer = *std::move(made);
  }
  Answer list = by == Transport::kRest ? joined_json(answers, options_.aggregate_body)
                                       : protocol::join_list_proto(answers);
  if (!list) co_return list;
  answers.clear();  // the list holds what of them it needs
  co_return co_await client(by).call(Method::kAggregate, *std::move(list), context);
}

}  // namespace infergraph::graph
