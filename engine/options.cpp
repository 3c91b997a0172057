#include "engine/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "engine/argv.hpp"
#include "engine/flags.hpp"

namespace infergraph::engine {
namespace {

using Kind = Invocation::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 3> kTools = {
    {{"check", Kind::kCheck}, {"stub", Kind::kStub}, {"try", Kind::kTry}}};

Invocation failure(Invocation made, int exit_code, const std::string& message) {
  made.kind = Kind::kError;
  made.notices.clear();  // what is wrong is one line
  made.exit_code = exit_code;
  made.text = "infergraph: " + message;
  if (exit_code == 2) made.text += "; see infergraph --help";
  made.text += '\n';
  return made;
}

// A value becomes part of a header line; Go's server writes a space for each line break in it.
std::string header_value(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

void read_environment(Invocation& made, const Environment& environment) {
  Options& options = made.options;
  if (const auto level = environment("SELDON_LOG_LEVEL")) options.log_level = *level;
  if (const auto text = environment("SELDON_DEBUG"); text && !text->empty()) {
    if (const auto debug = parse_bool(*text)) {
      options.debug = *debug;
    } else {
      made.notices.push_back("SELDON_DEBUG=" + *text + " is neither true nor false: ignored");
    }
  }
  if (const auto origins = environment("CORS_ALLOWED_ORIGINS")) {
    options.cors_allowed_origins = header_value(*origins);
  }
  if (const auto headers = environment("CORS_ALLOWED_HEADERS")) {
    options.cors_allowed_headers = header_value(*headers);
  }
  options.inject_routing = !environment("SELDON_ENABLE_ROUTING_INJECTION").value_or("").empty();
  options.logger_endpoint = environment("REQUEST_LOGGER_DEFAULT_ENDPOINT").value_or("");
}

// GOMAXPROCS as Go's runtime takes it: what isn't a positive number is none.
int threads_from(const Environment& environment) {
  const std::string text = environment("GOMAXPROCS").value_or("");
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc() || end != text.data() + text.size()) return 0;
  return std::clamp(threads, 0, kMostThreads);
}

// WARN gives INFO in the reference, which surely nobody who writes it wants.
void mend_level(Invocation& made) {
  std::string& level = made.options.log_level;
  if (level == "WARN") level = "WARNING";
  for (const std::string_view known : {"DEBUG", "INFO", "WARNING", "ERROR", "FATAL"}) {
    if (level == known) return;
  }
  if (!level.empty()) {
    made.notices.push_back("log level " + level +
                           " is none of DEBUG, INFO, WARNING, ERROR, FATAL: INFO is used");
  }
  level = "INFO";
}

bool is_given(const Arguments& arguments, std::string_view name) {
  return std::any_of(arguments.flags.begin(), arguments.flags.end(),
                     [name](const Arguments::Flag& flag) { return flag.name == name; });
}

// What follows from which flags were given, and from the environment where they were not.
void settle(Invocation& made, const Arguments& arguments, const Environment& environment) {
  Options& options = made.options;
  options.one_port =
      options.port && !is_given(arguments, "http_port") && !is_given(arguments, "grpc_port");
  options.grpc_max_message_size_given = is_given(arguments, "grpc_max_message_size");
  if (options.port) {
    if (!is_given(arguments, "http_port")) {
      options.http_port = *options.port;
    } else if (*options.port != options.http_port) {
      made.notices.emplace_back("--port is ignored, since --http_port is given");
    }
  }
  options.protocol_given = is_given(arguments, "protocol");
  if (!is_given(arguments, "max_response_bytes")) {
    options.max_response_bytes = options.max_body_bytes;
  }
  if (options.threads == 0) options.threads = threads_from(environment);
  if (options.hostname.empty()) options.hostname = environment("POD_NAME").value_or("");
  mend_level(made);

  for (const Flag& flag : flags()) {
    if (flag.group != kLaterGroup || flag.name == "server_type" || flag.name == "transport") {
      continue;
    }
    // The operator passes most of them, with their defaults.
    const auto differs = [&flag](const Arguments::Flag& given) {
      return given.name == flag.name && given.value != flag.fallback;
    };
    if (std::any_of(arguments.flags.begin(), arguments.flags.end(), differs)) {
      made.notices.push_back("--" + flag.name + " has no effect in this release");
    }
  }
  if (!arguments.ignored.empty()) {
    made.notices.push_back("ignored from \"" + arguments.ignored.front() +
                           "\" on, which is no flag (a graph is given by --file)");
  }
}

// Names become header lines of CloudEvents and labels.
std::optional<std::string> bad_name(const Options& options) {
  for (const auto& [flag, name] :
       {std::pair("sdep", &options.sdep), std::pair("namespace", &options.namespace_),
        std::pair("predictor", &options.predictor)}) {
    if (header_value(*name) != *name) {
      return std::string(flag) + " has control characters, or spaces around it";
    }
  }
  return std::nullopt;
}

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::optional<std::vector<protocol::Protocol>> read_protocols(std::string_view list) {
  std::vector<protocol::Protocol> made;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    const auto known = protocol::protocol_of(list.substr(at, comma - at));
    if (!known) return std::nullopt;
    if (std::find(made.begin(), made.end(), *known) == made.end()) made.push_back(*known);
    at = comma + 1;
  }
  return made;
}

std::optional<std::string> check_options(const Options& options, const Environment& environment) {
  if (options.file.empty()) {
    constexpr const char* kOr = " (or give a graph by --file)";
    if (options.sdep.empty()) return std::string("Required argument sdep missing") + kOr;
    if (options.namespace_.empty()) return std::string("Required argument namespace missing") + kOr;
    if (options.predictor.empty()) return std::string("Required argument predictor missing") + kOr;
  }
  if (auto wrong = bad_name(options)) return wrong;
  if (!read_protocols(options.protocol)) return "Protocol must be seldon, tensorflow or v2";
  if (options.server_type == "kafka") return "Server type kafka is not supported in this release";
  if (options.transport != "rest" && options.transport != "grpc") {
    return "Only rest and grpc supported";
  }
  for (const int port : {options.http_port, options.port.value_or(0), options.grpc_port}) {
    if (port < 0 || port > 65535) return "Port " + std::to_string(port) + " is not 0 to 65535";
  }
  if (!options.prometheus_path.starts_with('/')) {
    return "The metrics path \"" + options.prometheus_path + "\" does not begin with /";
  }
  if (!environment("SELDON_CERT_MOUNT_PATH").value_or("").empty()) {
    return "SELDON_CERT_MOUNT_PATH asks for TLS, which this release does not have; serving without "
           "it would be unsafe";
  }
  return std::nullopt;
}

Invocation parse_command_line(int argc, const char* const* argv, const Environment& environment) {
  const std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
  Invocation made;
  for (const auto& [name, kind] : kTools) {
    if (args.empty() || args.front() != name) continue;
    made.kind = kind;
    made.tool_args.assign(args.begin() + 1, args.end());
    return made;
  }

  const Arguments arguments = take_apart(args, [](std::string_view name) {
    if (name == "help" || name == "h" || name == "version") return FlagKind::kSwitch;
    const Flag* flag = find_flag(name);
    if (flag == nullptr) return FlagKind::kUnknown;
    return flag->is_switch() ? FlagKind::kSwitch : FlagKind::kValue;
  });
  read_environment(made, environment);
  for (const auto& [name, value] : arguments.flags) {
    if (name == "help" || name == "h") {
      made.kind = Kind::kHelp;
      made.text = help_text();
      return made;
    }
    if (name == "version") {
      made.kind = Kind::kVersion;
      made.text = std::string("infergraph ") + INFERGRAPH_VERSION + "\n";
      return made;
    }
    const std::string wrong = find_flag(name)->set(made.options, value);
    if (!wrong.empty()) {
      std::string message = "--" + name;
      message.append(": \"").append(value).append("\" ").append(wrong);
      return failure(std::move(made), 2, message);
    }
  }
  if (!arguments.fault.empty()) return failure(std::move(made), 2, arguments.fault);

  settle(made, arguments, environment);
  if (const auto wrong = check_options(made.options, environment)) {
    return failure(std::move(made), 1, *wrong);
  }
  return made;
}

std::optional<std::string> complete_from(Options& options,
                                         const graph::DeploymentSpec& deployment) {
  std::string names;
  bool found = false;
  for (const graph::PredictorSpec& predictor : deployment.predictors) {
    names += (names.empty() ? "" : ", ") + predictor.name;
    found = found || predictor.name == options.predictor;
  }
  if (!options.predictor.empty()) {
    if (!found) {
      return options.file + ": no predictor is named \"" + options.predictor +
             "\"; there are: " + names;
    }
  } else if (deployment.predictors.size() == 1) {
    options.predictor = deployment.predictors.front().name;
  } else {
    return options.file + ": several predictors; choose one by --predictor: " + names;
  }
  if (options.sdep.empty()) options.sdep = deployment.name;
  if (options.sdep.empty()) return options.file + ": metadata.name is missing; give --sdep";
  if (options.namespace_.empty()) options.namespace_ = deployment.namespace_;
  if (options.namespace_.empty()) options.namespace_ = "default";
  if (const auto wrong = bad_name(options)) return options.file + ": " + *wrong;

  if (!options.protocol_given && !deployment.protocol.empty()) {
    options.protocol = deployment.protocol;
    if (!read_protocols(options.protocol)) {
      return options.file + ": spec.protocol must be seldon, tensorflow or v2";
    }
  }
  return std::nullopt;
}

}  // namespace infergraph::engine
