#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace infergraph {

/// A duration as Go writes it: "15s", "2m", "1500ms", "1h2m3.5s", "0"; also negative. What is finer
/// than a millisecond is rounded away from zero, so that "500us" does not become none. Nothing when
/// it isn't a duration, or is longer than Go's 64-bit nanoseconds hold (292 years).
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text in one unit below the minute: "15s", "65s", "250ms", "0s".
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace infergraph
