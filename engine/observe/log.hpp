#pragma once

#include <string_view>

#include "engine/observe/log_line.hpp"

namespace infergraph::engine {

struct Options;

/// Makes the log: JSON lines on stderr with the keys level, ts, logger and msg, as the reference's;
/// with --debug lines for people, from debug up. Until then only warnings and errors are written,
/// for people, so that the subcommands' output stays their own.
/// Threads: to be called before threads start.
void configure_logging(const Options& options);

/// Structured log lines. Threads: any.
namespace log {

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

/// For the request path: at most ten lines a second in all. Before the next line after some were
/// held back, one tells how many.
void error_limited(std::string_view message, Fields fields = {});

}  // namespace log
}  // namespace infergraph::engine
