#pragma once

#include <functional>
#include <vector>

#include "graph/spec/spec.hpp"
#include "graph/units/built_in.hpp"

namespace infergraph::graph {

/// Gives a number in [0, 1) at each call.
using RandomSource = std::function<double()>;

/// A generator of the calling thread's own, seeded from the system.
RandomSource thread_random();

/// RANDOM_ABTEST: child 0 with the probability `ratio`, else child 1.
class AbTest final : public BuiltInUnit {
 public:
  explicit AbTest(double ratio, RandomSource random = thread_random());

  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override;

  double ratio() const { return ratio_; }

 private:
  double ratio_;
  RandomSource random_;
};

/// The parameter `ratioA`, of whatever type and at any position; 0.5 without one, or when its value
/// is no number.
double ratio_a(const std::vector<Parameter>& parameters);

}  // namespace infergraph::graph
