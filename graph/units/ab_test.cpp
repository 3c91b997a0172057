#include "graph/units/ab_test.hpp"

#include <random>
#include <utility>

#include "graph/spec/ratio.hpp"

namespace infergraph::graph {

RandomSource thread_random() {
  return [] {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>()(generator);
  };
}

AbTest::AbTest(double ratio, RandomSource random) : ratio_(ratio), random_(std::move(random)) {}

Awaitable<protocol::Result<int>> AbTest::route(protocol::Payload, CallContext&) {
  co_return random_() < ratio_ ? 0 : 1;
}

double ratio_a(const std::vector<Parameter>& parameters) {
  constexpr double kEven = 0.5;
  for (const Parameter& parameter : parameters) {
    if (parameter.name != "ratioA") continue;
    if (const auto ratio = to_ratio(parameter.value)) return *ratio;
  }
  return kEven;
}

}  // namespace infergraph::graph
