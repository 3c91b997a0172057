#pragma once

#include <span>
#include <string>
#include <string_view>

namespace infergraph {

/// The one of `known` that somebody who wrote `written` is likely to have meant: a slip or two away
/// (a letter wrong, left out, put in, or two exchanged; more in long names), whatever the case, or
/// begun and not ended. Empty when none is near. `known` are the names that could stand there, and
/// no others. Bounded work: texts beyond 64 bytes are near to nothing.
std::string_view nearest_name(std::string_view written, std::span<const std::string_view> known);

/// `; did you mean "http_port"?`, or nothing when no name is near.
std::string did_you_mean(std::string_view written, std::span<const std::string_view> known);

}  // namespace infergraph
