#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/observe/log_field.hpp"

namespace infergraph::engine::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// What is longer in a message or a field is cut, and "… (N bytes more)" put in its place: a text
/// may have come from a node.
inline constexpr std::size_t kMostText = 2048;

/// {"level":"info","ts":"2024-05-01T12:00:00.123Z","logger":"infergraph","msg":…,"key":"value"}
/// Without its line break, as the next one.
std::string json_line(Level level, std::chrono::system_clock::time_point time,
                      std::string_view message, Fields fields);
/// 2024-05-01 12:00:00.123 INFO  message  key=value; what isn't printable is escaped.
std::string text_line(Level level, std::chrono::system_clock::time_point time,
                      std::string_view message, Fields fields);

}  // namespace infergraph::engine::log
