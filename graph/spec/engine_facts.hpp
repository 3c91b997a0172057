#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// What is wrong with a variable INFERGRAPH_… that a graph gives the engine: a sentence's rest
/// behind its name, or "".
using VariableFault = std::string (*)(std::string_view name, std::string_view value);

/// What the readers of a graph can't know of the engine by themselves.
struct EngineFacts {
  std::optional<protocol::Protocol> protocol;  ///< what --protocol says, which beats the file
  VariableFault variable_fault = nullptr;      ///< null: its variables aren't looked at
};

}  // namespace infergraph::graph
