#include "engine/observe/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <memory>
#include <string>

#include "engine/observe/rate_limit.hpp"
#include "engine/options.hpp"

namespace infergraph::engine {
namespace {

constexpr int kErrorsPerSecond = 10;

spdlog::level::level_enum to_spdlog(log::Level level) {
  constexpr std::array<spdlog::level::level_enum, 4> kLevels = {
      spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};
  return kLevels[static_cast<std::size_t>(level)];
}

spdlog::level::level_enum least_level(const Options& options) {
  if (options.debug || options.log_level == "DEBUG") return spdlog::level::debug;
  if (options.log_level == "WARNING") return spdlog::level::warn;
  if (options.log_level == "ERROR") return spdlog::level::err;
  if (options.log_level == "FATAL") return spdlog::level::critical;
  return spdlog::level::info;
}

struct Log {
  Log(bool json, spdlog::level::level_enum least)
      : as_json(json), lines("infergraph", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    lines.set_level(least);
    lines.flush_on(spdlog::level::trace);
    // The whole line is ours.
    lines.set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
  }

  bool as_json;
  spdlog::logger lines;
};

std::unique_ptr<Log>& the_log() {
  static auto log = std::make_unique<Log>(false, spdlog::level::warn);
  return log;
}

std::string format(bool as_json, log::Level level, std::string_view message, log::Fields fields) {
  const auto now = std::chrono::system_clock::now();
  return as_json ? log::json_line(level, now, message, fields)
                 : log::text_line(level, now, message, fields);
}

void write(log::Level level, std::string_view message, log::Fields fields) {
  Log& log = *the_log();
  if (!log.lines.should_log(to_spdlog(level))) return;
  const std::string line = format(log.as_json, level, message, fields);
  log.lines.log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void configure_logging(const Options& options) {
  the_log() = std::make_unique<Log>(!options.debug, least_level(options));
}

namespace log {

void debug(std::string_view message, Fields fields) { write(Level::kDebug, message, fields); }
void info(std::string_view message, Fields fields) { write(Level::kInfo, message, fields); }
void warn(std::string_view message, Fields fields) { write(Level::kWarning, message, fields); }
void error(std::string_view message, Fields fields) { write(Level::kError, message, fields); }

void error_limited(std::string_view message, Fields fields) {
  static RateLimit limit(kErrorsPerSecond);
  const auto held_back = limit.admit();
  if (!held_back) return;
  if (*held_back > 0) {
    error("errors were not logged", {{"held_back", *held_back}});
  }
  error(message, fields);
}

}  // namespace log
}  // namespace infergraph::engine
