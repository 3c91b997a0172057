#pragma once

#include <chrono>

#include "graph/call_context.hpp"

namespace infergraph::engine {

/// By how many seconds a turn of a loop, due at `due`, came late at `now`: what other handlers took
/// before it. A timer that goes off early, by the clock's grain, is in time.
inline double loop_lag(graph::Clock::time_point due, graph::Clock::time_point now) {
  return now <= due ? 0 : std::chrono::duration<double>(now - due).count();
}

}  // namespace infergraph::engine
