#include "engine/tools/try_walk.hpp"

#include <future>
#include <map>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>

#include "engine/node/http_pool.hpp"
#include "engine/node/resolver.hpp"
#include "engine/node/rest_node.hpp"
#include "engine/puid.hpp"
#include "engine/runtime.hpp"
#include "graph/plan.hpp"
#include "graph/trail.hpp"
#include "graph/unit_registry.hpp"
#include "graph/units/remote.hpp"
#include "graph/walker.hpp"

namespace infergraph::engine {

using protocol::Payload;
using protocol::Result;

namespace {

// One request: a name is looked up once, and nobody waits longer than this for it.
constexpr auto kDnsRefresh = std::chrono::hours(1);
constexpr auto kDnsLimit = std::chrono::seconds(5);

/// What a walk needs, in the order in which it may be destroyed.
class Session {
 public:
  Session(const graph::PredictorSpec& predictor, const TryRequest& request)
      : calling_{request.node_timeout},
        plan_(graph::Plan::make(predictor,
                                [this](const graph::NodeSpec& node) { return make_unit(node); })),
        walker_(*plan_, graph::kDefaultMaxDecoded) {}

  TryWalk run(const TryRequest& request, TryRecorder& recorder) {
    resolver_.wait_for_first_round(kDnsLimit);
    graph::CancelScope scope;
    graph::CallTimes times;
    graph::CallContext context;
    context.puid = puids_.next();
    context.deadline = graph::Clock::now() + request.timeout;
    context.cancel = &scope;
    context.times = &times;
    context.observer = &recorder;

    Payload body = Payload::json(request.body);
    std::promise<TryWalk> done;
    const auto began = graph::Clock::now();
    auto walk = request.is_feedback ? walker_.feedback(std::move(body), context)
                                    : walker_.predict(std::move(body), context);
    boost::asio::co_spawn(runtime_.thread(0).context, std::move(walk),
                          [&](const std::exception_ptr& thrown, Result<Payload> answer) {
                            if (thrown) {
                              done.set_exception(thrown);
                            } else {
                              done.set_value({std::move(answer), graph::Clock::now() - began});
                            }
                          });
    runtime_.start();
    auto ended = done.get_future();
    ended.wait();
    runtime_.stop();
    return ended.get();
  }

 private:
  std::unique_ptr<graph::Unit> make_unit(const graph::NodeSpec& node) {
    if (auto unit = graph::make_built_in(node)) return unit;
    const std::string& host = node.endpoint.service_host;
    const std::uint16_t port = node.endpoint.http_port;
    auto& pool = pools_[{host, port}];
    if (pool == nullptr) {
      pool = std::make_unique<HttpPool>(runtime_.thread(0), resolver_.book(host, port),
                                        MessageLimits{}, std::nullopt);
    }
    return std::make_unique<graph::RemoteUnit>(
        std::make_unique<RestNode>(node.name, *pool, calling_, nullptr, node.image,
                                   node.image_version),
        graph::kDefaultMaxDecoded);
  }

  RestNodeOptions calling_;
  Runtime runtime_{1};
  Resolver resolver_{kDnsRefresh};
  std::map<std::pair<std::string, std::uint16_t>, std::unique_ptr<HttpPool>> pools_;
  PuidSource puids_;
  std::shared_ptr<const graph::Plan> plan_;
  graph::Walker walker_;
};

}  // namespace

TryWalk walk_once(const graph::PredictorSpec& predictor, const TryRequest& request,
                  TryRecorder& recorder) {
  return Session(predictor, request).run(request, recorder);
}

}  // namespace infergraph::engine
