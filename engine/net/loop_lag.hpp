#pragma once

#include <chrono>

#include "base/clock.hpp"

namespace infergraph::engine {

/// By how many seconds a turn of a loop, due at `due`, came late at `now`: what other handlers took
/// before it. A timer that goes off early, by the clock's grain, is in time.
inline double loop_lag(Clock::time_point due, Clock::time_point now) {
  return now <= due ? 0 : std::chrono::duration<double>(now - due).count();
}

}  // namespace infergraph::engine
