#include "graph/units/model_lookup.hpp"

#include <algorithm>
#include <utility>

#include "graph/units/model_request.hpp"
#include "graph/units/registry.hpp"
#include "graph/work_place.hpp"
#include "protocol/gzip.hpp"
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

// A model that is replaced is noticed by an error at once, and without one after this long.
constexpr auto kStale = std::chrono::seconds(10);
// A server that doesn't answer is called without what it could have said.
constexpr auto kLongest = std::chrono::seconds(2);

Result<Signature> read_metadata(const Payload& metadata, Protocol protocol,
                                const std::string& signature_name) {
  const auto plain = protocol::decoded(metadata, kDefaultMaxDecoded);
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

Awaitable<void> ModelLookup::ask(NodeClient& client, Transport transport, CallContext& context) {
  // The node's own model, whatever the caller calls it.
  CallContext asking = context;
  asking.model = {};
  asking.model_version = {};
  asking.operation = protocol::Operation::kPredict;
  asking.deadline = std::min(asking.deadline, Deadline::after(Clock::now(), kLongest));
  const auto metadata = co_await client.call(
      Method::kMetadata, model_request(protocol_, Method::kMetadata, transport, given_->name),
      asking);
  if (context.cancel->cancelled()) co_return;
  asked_ = Clock::now();
  ++answers_;
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
  while (asking_) {
    if (context.deadline < asking_until_) co_return;
    const std::uint64_t answers = answers_;
    co_await waiting_.emplace_back().wait();
    // Of one who was cancelled there is no answer: then the next one asks.
    if (answers_ != answers || context.cancel->cancelled()) co_return;
  }
  // Also when the coroutine is destroyed in the middle.
  struct Asking {
    bool& is;
    explicit Asking(bool& flag) : is(flag) { is = true; }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;
    ~Asking() { is = false; }
  };
  try {
    const Asking asking(asking_);
    asking_until_ = std::min(context.deadline, Deadline::after(Clock::now(), kLongest));
    co_await ask(client, transport, context);
  } catch (...) {  // for want of memory: whose request it is fails, and the next one asks
    wake();
    throw;
  }
  wake();
}

Awaitable<ModelLookup::Profile> ModelLookup::find(NodeClient& client, Transport transport,
                                                  CallContext& context) {
  const bool is_due = asked_ == Clock::time_point() || Clock::now() - asked_ > kStale;
  // Who comes meanwhile goes on with what is known.
  if (is_due && (known_ == given_ || !asking_)) co_await look_up(client, transport, context);
  co_return known_;
}

Awaitable<bool> ModelLookup::has_changed(const Profile& used, NodeClient& client,
                                         Transport transport, CallContext& context) {
  co_await look_up(client, transport, context);
  co_return !is_same(used->signature.inputs, known_->signature.inputs) ||
      !is_same(used->signature.outputs, known_->signature.outputs);
}

}  // namespace infergraph::graph
