#pragma once

#include <string_view>

#include "metrics/cells.hpp"

namespace infergraph::engine {

/// To be called in a catch block at the bottom of a loop: a line in the log, and one more in
/// `counter`, if there is one. Threads: the counter's.
void tell_exception(std::string_view where, metrics::CounterCell* counter) noexcept;

}  // namespace infergraph::engine
