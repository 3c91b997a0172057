#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/json/json.hpp"

namespace infergraph::protocol {

/// What kept a JSON value from being a number of a type.
enum class NumberFault : std::uint8_t { kNone, kNoNumber, kNoInteger, kOutOfRange };

/// Numbers as proto3 JSON writes them: a token, or a string of one. `text` is the exact text of a
/// value of `kind`. Out: `value`, unless there is a fault.
///
/// Reals are rounded to the type itself, not to a double first; one too small is zero. They may be
/// NaN and the infinities, bare or as strings. Integers may be written 1.0 and 1e2.
NumberFault read_number(json::Kind kind, std::string_view text, double& value);
NumberFault read_number(json::Kind kind, std::string_view text, float& value);
NumberFault read_number(json::Kind kind, std::string_view text, std::int32_t& value);
NumberFault read_number(json::Kind kind, std::string_view text, std::int64_t& value);
NumberFault read_number(json::Kind kind, std::string_view text, std::uint32_t& value);
NumberFault read_number(json::Kind kind, std::string_view text, std::uint64_t& value);

}  // namespace infergraph::protocol
