#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace infergraph::graph {

/// Decodes base64 of the standard alphabet. Padding is needed and line breaks are skipped, as in
/// Go's encoding/base64. Nothing if `text` is something else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace infergraph::graph
