#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "engine/observe/log_line.hpp"

namespace infergraph::engine {

/// Makes the log: JSON lines on stderr with the keys level, ts, logger and msg, as the reference's,
/// from `level` up ("WARNING"; FATAL is above all that is written); with `debug` lines for people,
/// from debug up. Until then only warnings and errors are written, for people, so that the
/// subcommands' output stays their own.
/// Threads: to be called before threads start.
void configure_logging(std::string_view level, bool debug);

/// Structured log lines. What can't be written is dropped and counted. Threads: any.
namespace log {

/// Until this is called who logs writes the line himself; from then on a thread does, and nobody
/// waits for who reads the log. For the process's life. Throws std::system_error without a thread.
void start_writer();
/// Waits until what was logged is written; false if it isn't within `limit`.
bool flush(std::chrono::milliseconds limit);
/// Lines that were dropped, since the beginning.
std::uint64_t dropped_lines();

void write(Level level, std::string_view message, Fields fields = {});
void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// Whether a line of that level is written.
bool enabled(Level level);

/// For the request path: at most ten lines a second in all. Before the next line after some were
/// held back, one tells how many.
void error_limited(std::string_view message, Fields fields = {});

}  // namespace log
}  // namespace infergraph::engine
