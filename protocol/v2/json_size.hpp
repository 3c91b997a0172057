#pragma once

#include <string_view>

namespace infergraph::protocol {

/// The header of a v2 message over REST that has binary tensor data: how many bytes of JSON come
/// before it. Source: docs/wire/v2.md §3.
inline constexpr std::string_view kJsonSizeHeader = "Inference-Header-Content-Length";

}  // namespace infergraph::protocol
