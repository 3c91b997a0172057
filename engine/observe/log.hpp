#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace infergraph::engine {

struct Options;

/// Makes the log: JSON lines on stderr with the keys level, ts, logger and msg, as the reference's;
/// with --debug lines for people, from debug up. Until then only warnings and errors are written,
/// for people, so that the subcommands' output stays their own.
/// Threads: to be called before threads start.
void configure_logging(const Options& options);

/// Structured log lines. Threads: any.
namespace log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };

struct Field {
  std::string_view key;
  std::string_view value;
};
using Fields = std::initializer_list<Field>;

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// For the request path: at most ten lines a second in all. Before the next line after some were
/// held back, one tells how many.
void error_limited(std::string_view message, Fields fields = {});

/// {"level":"info","ts":"2024-05-01T12:00:00.123Z","logger":"infergraph","msg":…,"key":"value"}
std::string json_line(Level level, std::chrono::system_clock::time_point time,
                      std::string_view message, Fields fields);
/// 2024-05-01 12:00:00.123 INFO  message  key=value; what isn't printable is escaped.
std::string text_line(Level level, std::chrono::system_clock::time_point time,
                      std::string_view message, Fields fields);

}  // namespace log
}  // namespace infergraph::engine
