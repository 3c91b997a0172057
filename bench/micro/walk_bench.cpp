// The walk over units in the process: what the coroutines and the plan cost, without any call.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "graph/plan.hpp"
#include "graph/units/registry.hpp"
#include "graph/walker.hpp"

namespace infergraph::graph {
namespace {

/// Passes the message on: the cheapest unit there is.
class PassingUnit final : public Unit {
 public:
  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method, protocol::Payload message,
                                                      CallContext&) override {
    co_return message;
  }
  Awaitable<protocol::Result<int>> route(protocol::Payload, CallContext&) override { co_return 0; }
  Awaitable<protocol::Result<protocol::Payload>> aggregate(std::vector<protocol::Payload> answers,
                                                           CallContext&) override {
    co_return answers.front();
  }
};

PredictorSpec chain(std::size_t length) {
  PredictorSpec spec;
  for (std::size_t i = 0; i < length; ++i) {
    NodeSpec node;
    node.name = "n" + std::to_string(i);
    node.type = NodeType::kTransformer;
    if (i + 1 < length) node.children = {i + 1};
    spec.nodes.push_back(node);
  }
  return spec;
}

PredictorSpec combiner(std::size_t width) {
  PredictorSpec spec;
  spec.nodes.emplace_back();
  spec.nodes.front().name = "combiner";
  spec.nodes.front().type = NodeType::kCombiner;
  for (std::size_t i = 1; i <= width; ++i) {
    NodeSpec node;
    node.name = "m" + std::to_string(i);
    node.type = NodeType::kModel;
    spec.nodes.front().children.push_back(i);
    spec.nodes.push_back(node);
  }
  return spec;
}

void walk(benchmark::State& state, const PredictorSpec& spec) {
  const auto plan =
      Plan::make(spec, [](const NodeSpec&) { return std::make_unique<PassingUnit>(); });
  Walker walker(*plan, 1 << 20);
  boost::asio::io_context loop;
  const auto message = protocol::Payload::json(R"({"data":{"ndarray":[[1.0]]}})");
  for (auto _ : state) {
    CancelScope cancel;
    CallTimes times;
    CallContext context;
    context.cancel = &cancel;
    context.times = &times;
    boost::asio::co_spawn(loop, walker.predict(message, context),
                          [](const std::exception_ptr&, protocol::Result<protocol::Payload>) {});
    loop.restart();
    loop.run();
  }
}

void BM_WalkChain(benchmark::State& state) {
  walk(state, chain(static_cast<std::size_t>(state.range(0))));
}
void BM_WalkCombiner(benchmark::State& state) {
  walk(state, combiner(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(BM_WalkChain)->Arg(1)->Arg(3)->Arg(100);
BENCHMARK(BM_WalkCombiner)->Arg(4)->Arg(100);

}  // namespace
}  // namespace infergraph::graph
