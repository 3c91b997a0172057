#include "engine/observe/log.hpp"

#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string>

#include "engine/observe/line_writer.hpp"
#include "engine/observe/rate_limit.hpp"

namespace infergraph::engine {
namespace {

using log::Level;

constexpr int kErrorsPerSecond = 10;

// Above every level: nothing is written.
constexpr int kSilence = static_cast<int>(Level::kError) + 1;

int least_level(std::string_view level, bool debug) {
  if (debug || level == "DEBUG") return static_cast<int>(Level::kDebug);
  if (level == "WARNING") return static_cast<int>(Level::kWarning);
  if (level == "ERROR") return static_cast<int>(Level::kError);
  if (level == "FATAL") return kSilence;
  return static_cast<int>(Level::kInfo);
}

struct Log {
  bool as_json = false;
  int least = static_cast<int>(Level::kWarning);
  // Never destroyed: threads that nobody can wait for may log to the end.
  std::atomic<LineWriter*> writer{nullptr};
  std::mutex mutex;  // of who writes himself
  std::atomic<std::uint64_t> dropped{0};
};

Log& the_log() {
  static Log log;
  return log;
}

std::string format(Level level, std::string_view message, log::Fields fields) {
  const auto now = std::chrono::system_clock::now();
  return the_log().as_json ? log::json_line(level, now, message, fields)
                           : log::text_line(level, now, message, fields);
}

}  // namespace

void configure_logging(std::string_view level, bool debug) {
  the_log().as_json = !debug;
  the_log().least = least_level(level, debug);
}

namespace log {

void start_writer() {
  const auto tell = [](std::uint64_t count) {
    return format(Level::kWarning, "log lines were dropped", {{"count", count}});
  };
  the_log().writer = new LineWriter(STDERR_FILENO, tell);
}

bool flush(std::chrono::milliseconds limit) {
  LineWriter* writer = the_log().writer;
  return writer == nullptr || writer->flush(limit);
}

std::uint64_t dropped_lines() {
  const LineWriter* writer = the_log().writer;
  return the_log().dropped.load(std::memory_order_relaxed) +
         (writer == nullptr ? 0 : writer->dropped());
}

bool enabled(Level level) { return static_cast<int>(level) >= the_log().least; }

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  Log& log = the_log();
  std::string line = format(level, message, fields);
  if (LineWriter* writer = log.writer) return writer->write(std::move(line));
  line += '\n';
  const std::lock_guard lock(log.mutex);
  if (!write_all(STDERR_FILENO, line)) log.dropped.fetch_add(1, std::memory_order_relaxed);
}

void debug(std::string_view message, Fields fields) { write(Level::kDebug, message, fields); }
void info(std::string_view message, Fields fields) { write(Level::kInfo, message, fields); }
void warn(std::string_view message, Fields fields) { write(Level::kWarning, message, fields); }
void error(std::string_view message, Fields fields) { write(Level::kError, message, fields); }

void error_limited(std::string_view message, Fields fields) {
  static RateLimit limit(kErrorsPerSecond);
  const auto held_back = limit.admit();
  if (!held_back) return;
  if (*held_back > 0) error("errors were not logged", {{"held_back", *held_back}});
  error(message, fields);
}

}  // namespace log
}  // namespace infergraph::engine
