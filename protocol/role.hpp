#pragma once

#include <cstdint>

namespace infergraph::protocol {

/// Whether a message is what a model is asked (inputs, instances) or what it answers (outputs,
/// predictions).
enum class Role : std::uint8_t { kRequest, kAnswer };

}  // namespace infergraph::protocol
