#include "engine/observe/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>

#include "engine/observe/rate_limit.hpp"
#include "engine/options.hpp"
#include "protocol/json.hpp"

namespace infergraph::engine {
namespace {

using Time = std::chrono::system_clock::time_point;

constexpr int kErrorsPerSecond = 10;

struct LevelNames {
  std::string_view json;
  std::string_view text;
};
constexpr std::array<LevelNames, 4> kNames = {
    {{"debug", "DEBUG"}, {"info", "INFO "}, {"warn", "WARN "}, {"error", "ERROR"}}};

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

// "2024-05-01T12:00:00.123" in UTC, with `between` the date and the time.
std::string timestamp(Time time, char between) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 64> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "%04d-%02d-%02d%c%02d:%02d:%02d.%03d",
                    parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, between, parts.tm_hour,
                    parts.tm_min, parts.tm_sec, static_cast<int>((since - seconds).count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

// A line break in a message would look like another line; a terminal obeys control characters.
void append_printable(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
      out += c;
    } else {
      out.append("\\x").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
    }
  }
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
    error("errors were not logged", {{"held_back", std::to_string(*held_back)}});
  }
  error(message, fields);
}

std::string json_line(Level level, Time time, std::string_view message, Fields fields) {
  std::string line = R"({"level":")";
  line += kNames[static_cast<std::size_t>(level)].json;
  line += R"(","ts":")" + timestamp(time, 'T') + R"(Z","logger":"infergraph","msg":)";
  protocol::json::append_string(line, message);
  for (const Field& field : fields) {
    line += ',';
    protocol::json::append_string(line, field.key);
    line += ':';
    protocol::json::append_string(line, field.value);
  }
  line += '}';
  return line;
}

std::string text_line(Level level, Time time, std::string_view message, Fields fields) {
  std::string line = timestamp(time, ' ') + " ";
  line += kNames[static_cast<std::size_t>(level)].text;
  line += ' ';
  append_printable(line, message);
  for (const Field& field : fields) {
    line.append("  ").append(field.key).append("=");
    append_printable(line, field.value);
  }
  return line;
}

}  // namespace log
}  // namespace infergraph::engine
