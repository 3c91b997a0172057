#include "graph/spec/ignored.hpp"

#include <algorithm>
#include <array>

#include "base/nearest_name.hpp"

namespace infergraph::graph {

namespace {

using namespace std::string_view_literals;

/// A variable of a feature that isn't had. Source: docs/wire/engine.md §2.
struct Ignored {
  std::string_view name;     ///< or, with a "*" at its end, what it begins with
  std::string_view feature;  ///< "tracing is not in this release"
};
constexpr std::string_view kTracing = "tracing is not in this release: no spans are sent";
constexpr std::string_view kKafka =
    "Kafka is not in this release: nothing is read or written there";
constexpr std::string_view kLogging = "payload logging is not in this release: nothing is sent";
constexpr std::string_view kProxy = "nodes are called directly: proxies are not in this release";
constexpr std::string_view kGo = "it is a setting of the reference's runtime, which isn't here";
constexpr std::array kIgnored{Ignored{"TRACING", kTracing},
                              Ignored{"JAEGER_*", kTracing},
                              Ignored{"OTEL_*", kTracing},
                              Ignored{"KAFKA_*", kKafka},
                              Ignored{"LOGGER_KAFKA_*", kLogging},
                              Ignored{"SELDON_LOG_MESSAGES_EXTERNALLY", kLogging},
                              Ignored{"SELDON_LOG_REQUESTS", kLogging},
                              Ignored{"SELDON_LOG_RESPONSES", kLogging},
                              Ignored{"SELDON_LOG_FEEDBACK_REQUESTS", kLogging},
                              Ignored{"SELDON_MESSAGE_LOGGING_SERVICE", kLogging},
                              Ignored{"HTTP_PROXY", kProxy},
                              Ignored{"HTTPS_PROXY", kProxy},
                              Ignored{"NO_PROXY", kProxy},
                              Ignored{"GODEBUG", kGo},
                              Ignored{"GOGC", kGo},
                              Ignored{"GOMEMLIMIT", kGo},
                              Ignored{"JAVA_OPTS", kGo}};

/// Those that the reference's image is asked by, of which each is a name by itself.
constexpr std::array kAsking{"TRACING"sv,
                             "JAEGER_AGENT_HOST"sv,
                             "JAEGER_AGENT_PORT"sv,
                             "JAEGER_ENDPOINT"sv,
                             "JAEGER_SERVICE_NAME"sv,
                             "JAEGER_SAMPLER_TYPE"sv,
                             "JAEGER_SAMPLER_PARAM"sv,
                             "JAEGER_TRACE_PROPAGATION_TYPE"sv,
                             "KAFKA_BROKER"sv,
                             "KAFKA_INPUT_TOPIC"sv,
                             "KAFKA_OUTPUT_TOPIC"sv,
                             "LOGGER_KAFKA_BROKER"sv,
                             "LOGGER_KAFKA_TOPIC"sv,
                             "SELDON_LOG_MESSAGES_EXTERNALLY"sv,
                             "SELDON_LOG_REQUESTS"sv,
                             "SELDON_LOG_RESPONSES"sv,
                             "SELDON_LOG_FEEDBACK_REQUESTS"sv};

/// What the engine reads (docs/flags.md), beside INFERGRAPH_…
constexpr std::array kRead{"SELDON_LOG_LEVEL"sv,
                           "SELDON_DEBUG"sv,
                           "GOMAXPROCS"sv,
                           "CORS_ALLOWED_ORIGINS"sv,
                           "CORS_ALLOWED_HEADERS"sv,
                           "SELDON_ENABLE_ROUTING_INJECTION"sv,
                           "SELDON_CERT_MOUNT_PATH"sv,
                           "SELDON_CERT_FILE_NAME"sv,
                           "POD_NAME"sv,
                           "REQUEST_LOGGER_DEFAULT_ENDPOINT"sv,
                           "ENGINE_PREDICTOR"sv};

bool is(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return pattern == name;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

/// A switch that is off asks for nothing.
bool asks(std::string_view value) {
  constexpr std::array kOff{""sv, "0"sv, "false"sv, "False"sv, "FALSE"sv};
  return std::ranges::find(kOff, value) == kOff.end();
}

const Ignored* find(std::string_view name) {
  const auto found =
      std::ranges::find_if(kIgnored, [&](const Ignored& each) { return is(each.name, name); });
  return found == kIgnored.end() ? nullptr : &*found;
}

}  // namespace

void advise_logger(const LoggerSpec& logger, const std::string& path, Problems& warnings) {
  constexpr std::array kModes{"all"sv, "request"sv, "response"sv};
  std::string message(kLogging);
  if (logger.mode.empty()) {
    message += "; its mode is missing: one of all, request, response";
  } else if (std::ranges::find(kModes, logger.mode) == kModes.end()) {
    message += "; its mode " + quoted(logger.mode) + " is not one of all, request, response" +
               did_you_mean(logger.mode, kModes);
  }
  warnings.add(path, std::move(message));
}

void advise_tls(const std::string& path, Problems& warnings) {
  warnings.add(path,
               "TLS is not in this release: with the SELDON_CERT_MOUNT_PATH that the operator sets "
               "the engine refuses to start");
}

void advise_flag(std::string_view variable, std::string_view value, VariableFault fault,
                 const Place& place, Problems& warnings) {
  if (fault == nullptr || warnings.is_full()) return;
  const std::string wrong = fault(variable, value);
  if (!wrong.empty()) warnings.add(place, std::string(variable) + " " + wrong);
}

void advise_variable(std::string_view name, std::string_view value, VariableFault fault,
                     const Place& place, Problems& warnings) {
  if (const Ignored* const ignored = find(name)) {
    if (asks(value)) warnings.add(place, std::string(name) + ": " + std::string(ignored->feature));
    return;
  }
  if (name.starts_with("INFERGRAPH_")) {
    advise_flag(name, value, fault, place, warnings);
    return;
  }
  if (name.starts_with("KUBERNETES_")) return;
  if (std::ranges::find(kRead, name) != kRead.end()) return;
  warnings.add(place, [&] {
    return quoted(name) + " means nothing to the engine" + did_you_mean(name, kRead);
  });
}

void advise_environment(
    const std::function<std::optional<std::string>(std::string_view)>& environment,
    Problems& warnings) {
  for (const std::string_view name : kAsking) {
    const auto value = environment(name);
    const Ignored* const ignored = find(name);
    if (!value || ignored == nullptr || !asks(*value)) continue;
    warnings.add(std::string(name), std::string(ignored->feature));
  }
}

}  // namespace infergraph::graph
