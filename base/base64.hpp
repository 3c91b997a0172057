#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace infergraph {

/// Decodes base64 as proto3 JSON and gRPC's binary metadata write it: the standard or the URL-safe
/// alphabet, with or without padding. Line breaks are skipped. Nothing if `text` is something else.
std::optional<std::string> decode_base64(std::string_view text);

/// The same, appended to `out`. False for something else; `out` has then grown by what was read.
bool append_decoded_base64(std::string& out, std::string_view text);

/// Decodes base64 of the standard alphabet. Padding is needed and line breaks are skipped, as in
/// Go's encoding/base64. Nothing if `text` is something else.
std::optional<std::string> decode_padded_base64(std::string_view text);

/// Base64 of the standard alphabet, padded.
std::string encode_base64(std::string_view bytes);

/// The same, appended to `out`.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace infergraph
