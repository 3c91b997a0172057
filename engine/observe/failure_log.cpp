#include "engine/observe/failure_log.hpp"

#include <string>
#include <vector>

#include "engine/observe/log.hpp"
#include "engine/observe/rate_limit.hpp"
#include "protocol/convert/error_text.hpp"
#include "protocol/convert/status_map.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Status;

namespace {

constexpr std::uint32_t kLinesPerSecond = 50;
// How much of what a node said, and of a path.
constexpr std::size_t kMostText = 256;

log::Level level_of(const Status& why, int status) {
  if (why.code() == Code::kCancelled) return log::Level::kInfo;
  return status < 500 ? log::Level::kWarning : log::Level::kError;
}

// False: not this one.
bool admits(log::Level level) {
  if (!log::enabled(level)) return false;
  static RateLimit errors(kLinesPerSecond);
  static RateLimit others(kLinesPerSecond);
  const auto held_back = (level == log::Level::kError ? errors : others).admit();
  if (held_back && *held_back > 0) {
    log::write(level, "failed requests were not logged", {{"held_back", *held_back}});
  }
  return held_back.has_value();
}

std::string message_of(const Status& why) {
  if (why.code() == Code::kUpstream && why.answer()) {
    return protocol::error_text(*why.answer(), kMostText);
  }
  return why.message();
}

void write(log::Level level, const FailedRequest& request, const Status& why,
           std::initializer_list<log::Field> outcome) {
  std::vector<log::Field> fields;
  const auto add = [&fields](std::string_view key, std::string_view text) {
    if (!text.empty()) fields.push_back({key, text});
  };
  add("puid", request.puid);
  add("service", request.service);
  add("verb", request.verb);
  add("path", request.path.substr(0, kMostText));
  add("node", why.node());
  add("address", why.peer());
  fields.insert(fields.end(), outcome.begin(), outcome.end());
  const std::string message = message_of(why);
  add("error", message);
  if (request.took) {
    fields.push_back({"ms", std::chrono::duration<double, std::milli>(*request.took).count()});
  }
  log::write(level, "request failed", log::Fields::Row(fields));
}

}  // namespace

void log_rest_failure(const FailedRequest& request, const Status& why) {
  const protocol::HttpFailure failure = protocol::http_failure(why);
  const log::Level level = level_of(why, failure.status);
  if (!admits(level)) return;
  if (failure.reason.empty()) return write(level, request, why, {{"status", failure.status}});
  write(level, request, why, {{"status", failure.status}, {"reason", failure.reason}});
}

void log_grpc_failure(const FailedRequest& request, const Status& why) {
  const protocol::HttpFailure failure = protocol::http_failure(why);
  const log::Level level = level_of(why, failure.status);
  if (!admits(level)) return;
  const std::string_view code = protocol::name_of(protocol::grpc_code(why));
  if (failure.reason.empty()) return write(level, request, why, {{"code", code}});
  write(level, request, why, {{"code", code}, {"reason", failure.reason}});
}

}  // namespace infergraph::engine
