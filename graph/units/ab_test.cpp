#include "graph/units/ab_test.hpp"

#include <charconv>
#include <cmath>
#include <random>
#include <system_error>
#include <utility>

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
    const bool numeric =
        parameter.type == "INT" || parameter.type == "FLOAT" || parameter.type == "DOUBLE";
    if (parameter.name != "ratioA" || !numeric) continue;
    double ratio = kEven;
    const char* const end = parameter.value.data() + parameter.value.size();
    const auto [stop, error] = std::from_chars(parameter.value.data(), end, ratio);
    if (error == std::errc() && stop == end && std::isfinite(ratio)) return ratio;
  }
  return kEven;
}

}  // namespace infergraph::graph
