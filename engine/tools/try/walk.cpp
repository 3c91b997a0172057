#include "engine/tools/try/walk.hpp"

#include <future>
#include <map>
#include <memory>
#include <random>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "engine/api/puid.hpp"
#include "engine/grpc/thread.hpp"
#include "engine/net/resolver.hpp"
#include "engine/net/runtime.hpp"
#include "engine/node/factory.hpp"
#include "engine/tools/try/client.hpp"
#include "engine/tools/try/router.hpp"
#include "graph/plan.hpp"
#include "graph/spec/server_kind.hpp"
#include "graph/trail.hpp"
#include "graph/units/ab_test.hpp"
#include "graph/units/registry.hpp"
#include "graph/units/remote.hpp"
#include "graph/walker.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/limits.hpp"

namespace infergraph::engine {

using protocol::Payload;
using protocol::Result;
using protocol::Transport;

namespace {

// One request: a name is looked up once.
constexpr auto kDnsRefresh = std::chrono::hours(1);

Result<Payload> as_json(const Payload& answer, protocol::KeptRequest& request, bool is_feedback) {
  protocol::Target target;
  target.protocol = request.payload.protocol();
  target.role = protocol::Role::kAnswer;
  target.request = &request;
  target.max_decoded = protocol::kMaxBody;
  auto json = is_feedback ? protocol::convert(answer, protocol::MessageType::kSeldonMessage,
                                              protocol::Encoding::kJson, target.max_decoded)
                          : protocol::convert(answer, target);
  if (json) return json;
  return protocol::Status(protocol::Code::kBadUpstream, json.error().message(),
                          std::string(answer.origin()));
}

/// What a walk needs, in the order in which it may be destroyed.
class Session {
 public:
  Session(const graph::PredictorSpec& predictor, const TryRequest& request, TryRecorder& recorder)
      : protocol_(request.graph_protocol),
        recorder_(recorder),
        branches_(request.branches),
        random_(request.seed ? *request.seed : std::random_device{}()),
        is_single_(predictor.nodes.size() == 1),
        rest_timeout_(request.rest_timeout),
        grpc_timeout_(request.grpc_timeout),
        plan_(graph::Plan::make(predictor,
                                [this](const graph::NodeSpec& node) { return make_unit(node); })),
        walker_(*plan_, protocol::kMaxBody) {}

  TryWalk run(const TryRequest& request, TryRecorder& recorder) {
    // Nobody waits longer than this for a name.
    resolver_.wait_for_first_round(std::chrono::seconds(5));
    CancelScope scope;
    graph::CallTimes times;
    graph::CallContext context;
    context.puid = puids_.next();
    context.deadline = Deadline::after(Clock::now(), request.timeout);
    context.cancel = &scope;
    context.times = &times;
    context.observer = &recorder;
    context.front = request.transport;

    protocol::KeptRequest kept;
    kept.payload = Payload::json(request.body);
    kept.payload.set_protocol(request.protocol);
    context.protocol = request.protocol;
    context.request = &kept;
    const auto began = Clock::now();
    TryWalk walked;
    walked.answer = wait_for(request.is_feedback ? walker_.feedback(kept.payload, context)
                                                 : walker_.predict(kept.payload, context));
    walked.took = Clock::now() - began;
    if (walked.answer) walked.answer = as_json(*walked.answer, kept, request.is_feedback);
    return walked;
  }

  std::vector<ModelInput> ask_for_inputs() {
    resolver_.wait_for_first_round(kAskLimit);
    CancelScope scope;
    graph::CallTimes times;
    graph::CallContext context;
    context.puid = puids_.next();
    context.deadline = Deadline::after(Clock::now(), kAskLimit);
    context.cancel = &scope;
    context.times = &times;
    const auto answer = wait_for(find_metadata(context));
    return answer ? inputs_of_metadata(answer->bytes()) : std::vector<ModelInput>();
  }

 private:
  // Nodes that say nothing of their models hold nobody up.
  static constexpr auto kAskLimit = std::chrono::seconds(2);

  /// Runs it on the session's thread, once.
  Result<Payload> wait_for(Awaitable<Result<Payload>> work) {
    std::promise<Result<Payload>> done;
    boost::asio::co_spawn(runtime_.thread(0).context, std::move(work),
                          [&](const std::exception_ptr& thrown, Result<Payload> answer) {
                            if (thrown) {
                              done.set_exception(thrown);
                            } else {
                              done.set_value(std::move(answer));
                            }
                          });
    grpc_thread_.start();
    runtime_.start();
    auto ended = done.get_future();
    ended.wait();
    runtime_.stop();
    grpc_thread_.stop();
    return ended.get();
  }

  /// The first metadata that tell of inputs, in the JSON of protocol v2.
  Awaitable<Result<Payload>> find_metadata(graph::CallContext& context) {
    for (const auto& node : plan_->nodes()) {
      const bool takes_input = node->input && *node->input == protocol::Method::kPredict;
      if (node->built_in || !takes_input) continue;
      const auto told = co_await node->unit->call(protocol::Method::kMetadata, {}, context);
      if (!told) continue;
      auto made = protocol::convert_metadata(*told, protocol::Protocol::kV2,
                                             protocol::Encoding::kJson, protocol::kMaxBody);
      if (made && !inputs_of_metadata(made->bytes()).empty()) co_return made;
    }
    co_return protocol::Status(protocol::Code::kUnavailable, "no node tells its inputs");
  }

  std::unique_ptr<graph::Unit> make_unit(const graph::NodeSpec& node) {
    auto unit = make_asked_unit(node);
    const auto chosen = branches_.find(node.name);
    if (chosen == branches_.end()) return unit;
    return std::make_unique<TryRouter>(std::move(unit), chosen->second);
  }

  std::unique_ptr<graph::Unit> make_asked_unit(const graph::NodeSpec& node) {
    if (node.implementation == graph::Implementation::kRandomAbTest) {
      return std::make_unique<graph::AbTest>(graph::ratio_a(node.parameters), [this] {
        return std::uniform_real_distribution<double>()(random_);
      });
    }
    if (auto unit = graph::make_built_in(node)) return unit;
    const graph::ServerKind kind = graph::server_kind_of(node, protocol_);
    // There is no time to look for a model server: one whose ports are a guess is its proxy.
    const bool is_direct = kind.direct && !kind.may_be_proxy;
    const graph::Endpoint& endpoint = is_direct ? *kind.direct : node.endpoint;
    graph::RemoteUnit::Options unit;
    unit.protocol = kind.may_be_proxy ? protocol::Protocol::kSeldon : kind.protocol;
    unit.model = kind.model;
    unit.is_only = is_single_;
    unit.aggregate_body = node.settings.aggregate_body;
    unit.max_decoded = protocol::kMaxBody;
    graph::NodeClients clients;
    NodeAccess access(node);
    access.protocol = unit.protocol;
    access.model = unit.model.name;
    if (graph::is_callable(endpoint, Transport::kRest)) {
      access.limits.timeout = rest_timeout_;
      auto& pool = pools_[{endpoint.service_host, endpoint.http_port}];
      if (pool == nullptr) {
        pool = nodes_.make_pool(runtime_.thread(0), access,
                                book_of(resolver_, endpoint, Transport::kRest));
      }
      clients.rest =
          std::make_shared<TryClient>(node.name, nodes_.make_rest(access, *pool), recorder_);
    }
    if (graph::is_callable(endpoint, Transport::kGrpc)) {
      access.limits.timeout = grpc_timeout_;
      clients.grpc = std::make_shared<TryClient>(
          node.name,
          nodes_.make_grpc(access, book_of(resolver_, endpoint, Transport::kGrpc),
                           &runtime_.thread(0)),
          recorder_);
    }
    return std::make_unique<graph::RemoteUnit>(std::move(clients), std::move(unit));
  }

  protocol::Protocol protocol_;
  TryRecorder& recorder_;
  const std::map<std::string, int>& branches_;
  std::mt19937_64 random_;
  bool is_single_;
  std::optional<std::chrono::milliseconds> rest_timeout_;
  std::optional<std::chrono::milliseconds> grpc_timeout_;
  Runtime runtime_{1};
  Resolver resolver_{kDnsRefresh};
  GrpcThread grpc_thread_{1};
  GrpcTransport transport_{grpc_thread_, {}};
  NodeFactory nodes_{transport_, nullptr};
  std::map<std::pair<std::string, std::uint16_t>, std::unique_ptr<HttpPool>> pools_;
  PuidSource puids_;
  std::shared_ptr<const graph::Plan> plan_;
  graph::Walker walker_;
};

}  // namespace

TryWalk walk_once(const graph::PredictorSpec& predictor, const TryRequest& request,
                  TryRecorder& recorder) {
  return Session(predictor, request, recorder).run(request, recorder);
}

std::vector<ModelInput> ask_for_inputs(const graph::PredictorSpec& predictor,
                                       const TryRequest& request) {
  TryRecorder nobody;
  return Session(predictor, request, nobody).ask_for_inputs();
}

}  // namespace infergraph::engine
