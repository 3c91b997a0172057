// What a request pays for its metrics: one server observation and one for each node call.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "metrics/exposition.hpp"
#include "metrics/families.hpp"

namespace infergraph::metrics {
namespace {

constexpr int kMostThreads = 2;

Families make_families(bool summaries) {
  FamilyOptions options;
  options.shards = kMostThreads;
  options.summaries = summaries;
  return Families(options);
}

/// Each thread observes on its own shard of one series; the argument is the duration in µs.
void observe_request(benchmark::State& state) {
  static Families families = make_families(false);
  auto requests = families.server(state.thread_index(), "predictions", "post");
  double seconds = static_cast<double>(state.range(0)) * 1e-6;
  for (auto _ : state) {
    benchmark::DoNotOptimize(seconds);
    requests.observe(200, seconds);
  }
}
BENCHMARK(observe_request)->Arg(200)->Arg(20'000)->Arg(20'000'000)->ThreadRange(1, kMostThreads);

void observe_request_with_summary(benchmark::State& state) {
  static Families families = make_families(true);
  auto requests = families.server(state.thread_index(), "predictions", "post");
  double seconds = 0.0002;
  for (auto _ : state) {
    benchmark::DoNotOptimize(seconds);
    requests.observe(200, seconds);
  }
}
BENCHMARK(observe_request_with_summary)->ThreadRange(1, kMostThreads);

void move_gauge_up_and_down(benchmark::State& state) {
  static Families families = make_families(false);
  auto& in_flight = families.requests_in_flight(state.thread_index());
  for (auto _ : state) {
    in_flight.add(1);
    benchmark::ClobberMemory();
    in_flight.add(-1);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(move_gauge_up_and_down)->ThreadRange(1, kMostThreads);

/// A scrape of a graph of so many nodes.
void scrape(benchmark::State& state) {
  Families families = make_families(false);
  for (std::int64_t node = 0; node < state.range(0); ++node)
    families.client(0, "/predict", "post", "model-" + std::to_string(node), "org/image", "1.0")
        .observe(200, 0.001);
  std::size_t bytes = 0;
  for (auto _ : state) bytes = expose(families.registry(), Format::kText).size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(scrape)->Arg(1)->Arg(100);

}  // namespace
}  // namespace infergraph::metrics
