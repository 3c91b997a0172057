#include "graph/units/model_lookup.hpp"

#include <utility>

#include "graph/units/model_request.hpp"
#include "graph/units/registry.hpp"
#include "graph/work_place.hpp"
#include "protocol/gzip.hpp"
#include "protocol/limits.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/v2/codec.hpp"

namespace infergraph::graph {

using protocol::Method;
using protocol::Payload;
using protocol::Protocol;
using protocol::Result;
using protocol::Signature;
using protocol::Transport;

namespace {

Result<Signature> read_metadata(const Payload& metadata, Protocol protocol,
                                const std::string& signature_name) {
  const auto plain = protocol::decoded(metadata, protocol::kMaxBody);
  if (!plain) return plain.error();
  if (protocol == Protocol::kV2) return protocol::read_v2_metadata(*plain);
  return protocol::read_tensorflow_metadata(*plain, signature_name);
}

bool operator==(const protocol::TensorInfo& a, const protocol::TensorInfo& b) {
  return a.name == b.name && a.type == b.type && a.shape == b.shape;
}

bool is_same(const std::vector<protocol::TensorInfo>& a,
             const std::vector<protocol::TensorInfo>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i])) return false;
  }
  return true;
}

}  // namespace

ModelLookup::ModelLookup(Protocol protocol, protocol::ModelProfile given)
    : protocol_(protocol),
      given_(std::make_shared<const protocol::ModelProfile>(std::move(given))),
      known_(given_) {}

Awaitable<void> ModelLookup::ask(NodeClient& client, Transport transport, CallContext& context,
                                 Deadline until) {
  // The node's own model, whatever the caller calls it.
  CallContext asking = context;
  asking.model = {};
  asking.model_version = {};
  asking.operation = protocol::Operation::kPredict;
  asking.deadline = until;
  const auto metadata = co_await client.call(
      Method::kMetadata, model_request(protocol_, Method::kMetadata, transport, given_->name),
      asking);
  if (context.cancel->cancelled()) co_return;
  turns_.answered(Clock::now());
  if (!metadata) co_return;
  const auto read = [&] { return read_metadata(*metadata, protocol_, given_->signature_name); };
  auto signature = try_here(context, metadata->size(), read);
  if (!signature) signature = co_await elsewhere(context, metadata->size(), read);
  if (!*signature) co_return;
  auto known = std::make_shared<protocol::ModelProfile>(*given_);
  known->signature = **std::move(signature);
  known_ = std::move(known);
}

void ModelLookup::wake() {
  // Who wakes may wait again, for another.
  std::list<Event> waiting;
  waiting.swap(waiting_);
  for (Event& event : waiting) event.notify();
}

Awaitable<void> ModelLookup::look_up(NodeClient& client, Transport transport,
                                     CallContext& context) {
  using Turn = LookupTurns::Turn;
  for (auto turn = turns_.turn(context.deadline); turn != Turn::kAsk;
       turn = turns_.turn(context.deadline)) {
    if (turn == Turn::kGoOn) co_return;
    const auto answers = turns_.answers();
    co_await waiting_.emplace_back().wait();
    // Of one who was cancelled there is no answer: then the next one asks.
    if (turns_.answers() != answers || context.cancel->cancelled()) co_return;
  }
  // Also when the coroutine is destroyed in the middle.
  struct Asking {
    LookupTurns& turns;
    Deadline until;
    Asking(LookupTurns& its_turns, Deadline deadline)
        : turns(its_turns), until(turns.begin(Clock::now(), deadline)) {}
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { turns.end(); }
  };
  try {
    const Asking asking(turns_, context.deadline);
    co_await ask(client, transport, context, asking.until);
  } catch (...) {  // for want of memory: whose request it is fails, and the next one asks
    wake();
    throw;
  }
  wake();
}

Awaitable<ModelLookup::Profile> ModelLookup::find(NodeClient& client, Transport transport,
                                                  CallContext& context) {
  if (turns_.needs(Clock::now(), known_ != given_)) co_await look_up(client, transport, context);
  co_return known_;
}

Awaitable<bool> ModelLookup::has_changed(const Profile& used, NodeClient& client,
                                         Transport transport, CallContext& context) {
  co_await look_up(client, transport, context);
  co_return !is_same(used->signature.inputs, known_->signature.inputs) ||
      !is_same(used->signature.outputs, known_->signature.outputs);
}

}  // namespace infergraph::graph
