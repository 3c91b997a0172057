#pragma once

#include <chrono>

namespace infergraph {

using Clock = std::chrono::steady_clock;

}  // namespace infergraph
