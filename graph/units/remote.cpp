#include "graph/units/remote.hpp"

#include <span>
#include <string>
#include <utility>

#include "graph/units/model_request.hpp"
#include "graph/work_place.hpp"
#include "protocol/gzip.hpp"
#include "protocol/routes.hpp"
#include "protocol/seldon/json.hpp"
#include "protocol/seldon/proto.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::Encoding;
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

Result<int> route_of(const Payload& answer, std::size_t max_decoded,
                     protocol::RouteOddity& oddity) {
  oddity = protocol::RouteOddity::kNone;
  const auto plain = protocol::decoded(answer, max_decoded);
  if (!plain) return Status(Code::kBadUpstream, plain.error().message());
  return plain->encoding() == Encoding::kProto ? protocol::read_route_proto(plain->bytes(), &oddity)
                                               : protocol::read_route(plain->bytes(), &oddity);
}

// Notes on the request that work elsewhere has to itself, since siblings may be at it at the same
// time; afterwards they are everybody's.
class OwnRequest {
 public:
  explicit OwnRequest(Target& target) : target_(target), shared_(target.request) {
    if (shared_ == nullptr) return;
    own_ = *shared_;
    target_.request = &own_;
  }
  OwnRequest(const OwnRequest&) = delete;
  OwnRequest& operator=(const OwnRequest&) = delete;
  ~OwnRequest() {
    target_.request = shared_;
    if (shared_ != nullptr && !shared_->traits) shared_->traits = std::move(own_.traits);
  }

 private:
  Target& target_;
  protocol::KeptRequest* const shared_;
  protocol::KeptRequest own_;
};

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
  // REST takes it in one stretch, which is joined here and not by the loop.
  if (target.encoding == Encoding::kJson) (void)made->bytes();
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
    const auto convert = [&]() -> Answer {
      auto made = protocol::convert(message, protocol::MessageType::kFeedback, encoding_of(by),
                                    options_.max_decoded);
      if (!made) return blamed(made.error(), message);
      return made;
    };
    auto made = try_here(context, message.size(), convert);
    if (!made) made = co_await elsewhere(context, message.size(), convert);
    if (!*made) co_return *std::move(made);
    message = **std::move(made);
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
    const auto convert = [&] { return converted(message, asked); };
    const std::size_t bytes = protocol::bytes_read(message, asked);
    auto made = try_here(context, bytes, convert);
    if (!made) {
      const OwnRequest own(asked);
      made = co_await elsewhere(context, bytes, convert);
    }
    if (!*made) co_return *std::move(made);
    Payload request = **std::move(made);
    if (by == Transport::kGrpc && protocol::is_already(message, asked)) request = named(request);
    auto answer = co_await client(by).call(method, std::move(request), context);
    if (answer) {
      answer->set_model(model);
      // Only predictions have outputs by name.
      if (context.operation != protocol::Operation::kPredict) co_return answer;
      const auto adapt = [&] { return adapted(*answer); };
      auto own = try_here(context, answer->size(), adapt);
      if (!own) own = co_await elsewhere(context, answer->size(), adapt);
      co_return *std::move(own);
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
    const auto convert = [&] { return converted(message, asked); };
    const std::size_t bytes = protocol::bytes_read(message, asked);
    auto made = try_here(context, bytes, convert);
    if (!made) {
      const OwnRequest own(asked);
      made = co_await elsewhere(context, bytes, convert);
    }
    if (!*made) co_return made->error();
    message = **std::move(made);
  }
  const auto answer = co_await client(by).call(Method::kRoute, std::move(message), context);
  if (!answer) co_return answer.error();
  auto oddity = protocol::RouteOddity::kNone;
  const auto read = [&] { return route_of(*answer, options_.max_decoded, oddity); };
  auto branch = try_here(context, answer->size(), read);
  if (!branch) branch = co_await elsewhere(context, answer->size(), read);
  if (oddity != protocol::RouteOddity::kNone && options_.on_odd_route) {
    options_.on_odd_route(oddity);
  }
  co_return *branch;
}

Awaitable<Result<Payload>> RemoteUnit::aggregate(std::vector<Payload> answers,
                                                 CallContext& context) {
  const Transport by = transport(Method::kAggregate, context);
  Target asked = target(by, context);
  asked.role = Role::kAnswer;
  asked.request = nullptr;
  asked.binary = false;
  const auto join = [&] { return listed(answers, asked); };
  auto list = try_here(context, size_of(answers), join);
  if (!list) list = co_await elsewhere(context, size_of(answers), join);
  if (!*list) co_return *std::move(list);
  answers.clear();  // the list holds what of them it needs
  co_return co_await client(by).call(Method::kAggregate, **std::move(list), context);
}

// The answers as the one message that a combiner takes.
RemoteUnit::Answer RemoteUnit::listed(std::span<const Payload> answers, const Target& asked) const {
  std::vector<Payload> parts;
  parts.reserve(answers.size());
  for (const Payload& answer : answers) {
    Answer made = protocol::is_already(answer, asked)
                      ? protocol::decoded(answer, options_.max_decoded)
                      : converted(answer, asked);
    if (!made && made.error().code() == Code::kInvalidArgument) {
      return Status(Code::kBadUpstream, made.error().message(), std::string(answer.origin()));
    }
    if (!made) return made;
    parts.push_back(*std::move(made));
  }
  return asked.encoding == Encoding::kJson ? joined_json(parts, options_.aggregate_body)
                                           : protocol::join_list_proto(parts);
}

}  // namespace infergraph::graph
