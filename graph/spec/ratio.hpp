#pragma once

#include <optional>
#include <string_view>

namespace infergraph::graph {

/// The value of RANDOM_ABTEST's parameter `ratioA`: a number, with blanks around it or without.
/// Nothing for any other text.
std::optional<double> to_ratio(std::string_view text);

}  // namespace infergraph::graph
