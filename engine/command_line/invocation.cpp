// parse_command_line(): from the words of the command line to what is to be done.

#include "engine/command_line/invocation.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>
#include <vector>

#include "base/nearest_name.hpp"
#include "engine/command_line/argv.hpp"
#include "engine/command_line/flags.hpp"
#include "engine/command_line/settings.hpp"

namespace infergraph::engine {
namespace {

using Kind = Invocation::Kind;
using Source = Settings::Source;
using Words = std::span<const std::string>;

constexpr std::array<std::pair<std::string_view, Kind>, 6> kCommands = {
    {{"serve", Kind::kServe},
     {"check", Kind::kCheck},
     {"stub", Kind::kStub},
     {"try", Kind::kTry},
     {"help", Kind::kHelp},
     {"version", Kind::kVersion}}};

std::optional<Kind> command_of(std::string_view word) {
  for (const auto& [name, kind] : kCommands) {
    if (name == word) return kind;
  }
  return std::nullopt;
}

// Without a look at the disk, so that a file that is missing is told as one.
bool looks_like_file(std::string_view word) {
  return word == "-" || word.find_first_of("./") != std::string_view::npos;
}

Invocation failure(Invocation made, int exit_code, const std::string& message) {
  made.kind = Kind::kError;
  made.notices.clear();  // what is wrong is one line
  made.exit_code = exit_code;
  made.text = "infergraph: " + message;
  // Of whatever a value is made, it stays one line.
  std::replace_if(
      made.text.begin(), made.text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; },
      '?');
  if (exit_code == 2)
    made.text += message.ends_with('?') ? " See infergraph --help" : "; see infergraph --help";
  made.text += '\n';
  return made;
}

Invocation unknown_command(const std::string& word) {
  std::array<std::string_view, kCommands.size()> names;
  std::transform(kCommands.begin(), kCommands.end(), names.begin(),
                 [](const auto& command) { return command.first; });
  return failure({}, 2, "unknown command \"" + word + "\"" + did_you_mean(word, names));
}

Invocation tell_help() {
  Invocation made;
  made.kind = Kind::kHelp;
  made.text = help_text();
  return made;
}

Invocation tell_version() {
  Invocation made;
  made.kind = Kind::kVersion;
  made.text = std::string("infergraph ") + INFERGRAPH_VERSION + "\n";
  return made;
}

Invocation use_tool(Kind tool, std::vector<std::string> args) {
  Invocation made;
  made.kind = tool;
  made.tool_args = std::move(args);
  return made;
}

// The variables that are older than those of the flags.
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
void mend_level(Invocation& made, const Settings& settings) {
  std::string& level = made.options.log_level;
  if (level == "WARN") level = "WARNING";
  for (const std::string_view known : {"DEBUG", "INFO", "WARNING", "ERROR", "FATAL"}) {
    if (level == known) return;
  }
  if (!level.empty()) {
    const std::string source =
        settings.is_given("log_level") ? settings.told("log_level") : "SELDON_LOG_LEVEL";
    made.notices.push_back(source + ": \"" + level +
                           "\" is none of DEBUG, INFO, WARNING, ERROR, FATAL: INFO is used");
  }
  level = "INFO";
}

// The port of REST out of --http_port and --port, of which the stronger source counts, and then
// --http_port; with --port alone gRPC shares it.
void settle_ports(Invocation& made, const Settings& settings) {
  Options& options = made.options;
  if (!options.port) return;
  const Source http = settings.source("http_port");
  const bool http_counts = http != Source::kDefault && http >= settings.source("port");
  options.one_port = !http_counts && !settings.is_given("grpc_port");
  const auto note = [&](const char* ignored, const char* counts) {
    if (*options.port == options.http_port) return;
    made.notices.push_back(settings.told(ignored) + " is ignored, since " + settings.told(counts) +
                           " is given");
  };
  if (http_counts) {
    note("port", "http_port");
  } else {
    if (http != Source::kDefault) note("http_port", "port");
    options.http_port = *options.port;
  }
}

// What follows from what was given, and from the environment where nothing was.
void settle(Invocation& made, const Settings& settings, const Environment& environment) {
  Options& options = made.options;
  settle_ports(made, settings);
  options.grpc_max_message_size_given = settings.is_given("grpc_max_message_size");
  options.protocol_given = settings.is_given("protocol");
  if (!settings.is_given("max_response_bytes")) options.max_response_bytes = options.max_body_bytes;
  if (options.threads == 0) options.threads = threads_from(environment);
  if (options.hostname.empty()) options.hostname = environment("POD_NAME").value_or("");
  mend_level(made, settings);

  for (const Flag& flag : flags()) {
    if (flag.group != kLaterGroup || flag.name == "server_type" || flag.name == "transport") {
      continue;
    }
    // The operator passes most of them, with their defaults.
    if (settings.is_given(flag.name) && settings.value(flag.name) != flag.fallback) {
      made.notices.push_back(settings.told(flag.name) + " has no effect in this release");
    }
  }
}

FlagKind kind_of(std::string_view name) {
  if (name == "help" || name == "h" || name == "version") return FlagKind::kSwitch;
  const Flag* flag = find_flag(name);
  if (flag == nullptr) return FlagKind::kUnknown;
  return flag->is_switch() ? FlagKind::kSwitch : FlagKind::kValue;
}

std::string flag_meant(std::string_view written) {
  std::vector<std::string_view> names = {"help", "version"};
  for (const Flag& flag : flags()) names.push_back(flag.name);
  return did_you_mean_flag(written, names);
}

// Takes the first argument that is no flag for the graph's file, and the flags behind it, unless
// there was none or it doesn't look like one. Gives that file.
std::string take_file(Arguments& arguments) {
  if (arguments.ignored.empty() || !looks_like_file(arguments.ignored.front())) return "";
  std::string file = arguments.ignored.front();
  Arguments more = take_apart(Words(arguments.ignored).subspan(1), kind_of);
  arguments.flags.insert(arguments.flags.end(), more.flags.begin(), more.flags.end());
  arguments.unknown = std::move(more.unknown);
  arguments.fault = std::move(more.fault);
  arguments.ignored = std::move(more.ignored);
  return file;
}

// `is_ours`: the line begins with a command or a file, so it is none that the reference could have
// served, where what follows the first argument that is no flag counts for nothing.
Invocation serve(Words words, bool is_ours, const Environment& environment) {
  Invocation made;
  read_environment(made, environment);
  Arguments arguments = take_apart(words, kind_of);
  auto& flags = arguments.flags;
  const auto is_file = [](const Arguments::Flag& flag) { return flag.name == "file"; };
  const auto has_file = [&] { return std::any_of(flags.begin(), flags.end(), is_file); };
  const bool has_graph =
      environment("ENGINE_PREDICTOR") || !environment("INFERGRAPH_FILE").value_or("").empty();
  if (is_ours || (!has_graph && !has_file())) {
    const std::string file = take_file(arguments);
    if (!file.empty() && has_file())
      return failure({}, 2, "two graphs are given, by FILE and --file");
    if (!file.empty()) flags.push_back({"file", file});
  }

  const auto asks = std::find_if(flags.begin(), flags.end(), [](const Arguments::Flag& flag) {
    return find_flag(flag.name) == nullptr;
  });
  Settings settings;
  std::string wrong = settings.apply_flags({flags.begin(), asks}, made.options);
  if (!wrong.empty()) return failure(std::move(made), 2, wrong);
  if (asks != flags.end()) return asks->name == "version" ? tell_version() : tell_help();
  if (!arguments.fault.empty()) {
    return failure(std::move(made), 2, arguments.fault + flag_meant(arguments.unknown));
  }
  if (is_ours && !arguments.ignored.empty()) {
    return failure(std::move(made), 2,
                   "one argument too many: \"" + arguments.ignored.front() +
                       "\" (a switch takes its value after =)");
  }
  wrong = settings.apply_variables(environment, made.options, made.notices);
  if (!wrong.empty()) return failure(std::move(made), 2, wrong);

  settle(made, settings, environment);
  const std::string ignored = arguments.ignored.empty() ? "" : arguments.ignored.front();
  if (!ignored.empty()) {
    made.notices.push_back("ignored from \"" + ignored +
                           "\" on, which is no flag (a graph is given by --file)");
  }
  if (auto missing = check_options(made.options, environment)) {
    if (command_of(ignored)) *missing += "; a command comes first: infergraph " + ignored;
    return failure(std::move(made), 1, *missing);
  }
  return made;
}

}  // namespace

Invocation parse_command_line(int argc, const char* const* argv, const Environment& environment) {
  const std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
  const Words words(args);
  if (words.empty()) {
    Invocation made = serve(words, false, environment);
    const bool lacks_graph = made.exit_code == 1 && !environment("ENGINE_PREDICTOR");
    if (lacks_graph) made.usage = usage_text();
    return made;
  }
  const std::string& first = words.front();
  if (first.starts_with('-') && first != "-") return serve(words, false, environment);
  const auto command = command_of(first);
  if (!command) {
    return looks_like_file(first) ? serve(words, true, environment) : unknown_command(first);
  }
  switch (*command) {
    case Kind::kServe:
      return serve(words.subspan(1), true, environment);
    case Kind::kVersion:
      return tell_version();
    case Kind::kHelp: {
      if (words.size() == 1) return tell_help();
      const auto about = command_of(words[1]);
      if (!about) return unknown_command(words[1]);
      const bool is_tool = *about == Kind::kCheck || *about == Kind::kStub || *about == Kind::kTry;
      return is_tool ? use_tool(*about, {"--help"}) : tell_help();
    }
    default:
      return use_tool(*command, {args.begin() + 1, args.end()});
  }
}

}  // namespace infergraph::engine
