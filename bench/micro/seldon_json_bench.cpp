// What it costs to look into a message: reading a route, a feedback's routing, setting a routing,
// joining answers, and averaging ndarrays of about 100 KB.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "graph/units/average_combiner.hpp"
#include "graph/units/simple_model.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/data.hpp"
#include "protocol/seldon/json.hpp"

namespace infergraph {
namespace {

using protocol::Payload;

/// {"data":{"names":[],"ndarray":[[…4 columns…],…]},"meta":{}} of about `bytes` bytes.
std::string ndarray_message(std::size_t bytes) {
  std::string text = R"({"data":{"names":[],"ndarray":[)";
  double value = 0.1234567890123;
  while (text.size() < bytes) {
    text += text.back() == '[' ? "[" : ",[";
    for (int column = 0; column < 4; ++column) {
      if (column > 0) text += ',';
      protocol::json::append_double(text, value);
      value = value < 1000 ? value * 1.37 : value - 999.9;
    }
    text += ']';
  }
  return text + "]},\"meta\":{}}";
}

void count_bytes(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(static_cast<std::int64_t>(each) * state.iterations());
}

void read_route(benchmark::State& state) {
  const std::string answer = R"({"data":{"names":["t:0"],"ndarray":[[1]]},"meta":{}})";
  for (auto _ : state) benchmark::DoNotOptimize(protocol::read_route(answer));
}
BENCHMARK(read_route);

void read_feedback_routing(benchmark::State& state) {
  const std::string feedback = R"({"request":)" +
                               ndarray_message(static_cast<std::size_t>(state.range(0))) +
                               R"(,"response":{"meta":{"routing":{"router":1}}},"reward":1})";
  for (auto _ : state) benchmark::DoNotOptimize(protocol::read_feedback_routing(feedback));
  count_bytes(state, feedback.size());
}
BENCHMARK(read_feedback_routing)->Arg(100)->Arg(100'000);

void with_routing(benchmark::State& state) {
  const std::string answer = ndarray_message(static_cast<std::size_t>(state.range(0)));
  const std::vector<std::pair<std::string_view, int>> routing = {{"router", 1}};
  for (auto _ : state) benchmark::DoNotOptimize(protocol::with_routing(answer, routing));
  count_bytes(state, answer.size());
}
BENCHMARK(with_routing)->Arg(100)->Arg(100'000);

void join_array(benchmark::State& state) {
  const std::vector<Payload> answers(
      4, Payload::json(ndarray_message(static_cast<std::size_t>(state.range(0)))));
  for (auto _ : state) benchmark::DoNotOptimize(protocol::join_array(answers));
  count_bytes(state, 4 * answers[0].bytes().size());
}
BENCHMARK(join_array)->Arg(100)->Arg(100'000);

void read_numbers(benchmark::State& state) {
  const std::string answer = ndarray_message(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const auto message = protocol::read_message(answer);
    benchmark::DoNotOptimize(protocol::read_numbers(*message));
  }
  count_bytes(state, answer.size());
}
BENCHMARK(read_numbers)->Arg(100'000);

/// Runs coroutines to their end on one loop, as an I/O thread would.
template <typename Work>
void run(boost::asio::io_context& loop, Work work) {
  boost::asio::co_spawn(loop, std::move(work), [](const std::exception_ptr&, auto result) {
    benchmark::DoNotOptimize(result.has_value());
  });
  loop.restart();
  loop.run();
}

void average_of_two(benchmark::State& state) {
  const std::vector<Payload> answers(
      2, Payload::json(ndarray_message(static_cast<std::size_t>(state.range(0)))));
  boost::asio::io_context loop(1);
  graph::AverageCombiner unit(std::size_t{1} << 30U);
  graph::CallContext context;
  for (auto _ : state) run(loop, unit.aggregate(answers, context));
  count_bytes(state, 2 * answers[0].bytes().size());
}
BENCHMARK(average_of_two)->Arg(100)->Arg(100'000);

void simple_model(benchmark::State& state) {
  const Payload message = Payload::json(ndarray_message(static_cast<std::size_t>(state.range(0))));
  boost::asio::io_context loop(1);
  graph::SimpleModel unit(std::size_t{1} << 30U);
  graph::CallContext context;
  for (auto _ : state) run(loop, unit.call(protocol::Method::kPredict, message, context));
  count_bytes(state, message.bytes().size());
}
BENCHMARK(simple_model)->Arg(100)->Arg(100'000);

}  // namespace
}  // namespace infergraph
