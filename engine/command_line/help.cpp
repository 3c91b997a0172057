// The text of --help, out of the tables that parsing uses.

#include <array>

#include "engine/command_line/flags.hpp"
#include "graph/spec/settings.hpp"

namespace infergraph::engine {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kColumn = 30;  // where the explanations begin

constexpr std::array<Variable, 10> kVariables = {{
    {"ENGINE_PREDICTOR", "the graph: base64 of a predictor's JSON"},
    {"SELDON_LOG_LEVEL", "default of --log_level"},
    {"SELDON_DEBUG", "default of --debug"},
    {"GOMAXPROCS", "I/O threads, when --threads is 0"},
    {"CORS_ALLOWED_ORIGINS", "Access-Control-Allow-Origin of every answer; default *"},
    {"CORS_ALLOWED_HEADERS", "Access-Control-Allow-Headers of every answer"},
    {"SELDON_ENABLE_ROUTING_INJECTION", "any text: answers tell the routing in meta.routing"},
    {"SELDON_CERT_MOUNT_PATH", "TLS, which a later release brings: refuses to start"},
    {"POD_NAME", "default of --hostname"},
    {"REQUEST_LOGGER_DEFAULT_ENDPOINT", "where payload logs go, in a later release"},
}};

// `head`, then `text` in a column of its own, wrapped.
void append_entry(std::string& out, const std::string& head, std::string_view text) {
  std::string line = "  " + head;
  if (line.size() + 2 > kColumn) {
    out.append(line).append("\n");
    line.clear();
  }
  line.resize(kColumn, ' ');
  bool is_fresh = true;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (!is_fresh && line.size() + 1 + end > kWidth) {
      out.append(line).append("\n");
      line.assign(kColumn, ' ');
      is_fresh = true;
    }
    if (!is_fresh) line += ' ';
    line.append(text.substr(0, end));
    is_fresh = false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out.append(line).append("\n");
}

}  // namespace

std::span<const Variable> environment_variables() { return kVariables; }

std::string usage_text() {
  return "infergraph serves the inference graph of a Seldon predictor over REST and gRPC.\n\n"
         "  infergraph serve FILE [flags]               serve the graph of a file\n"
         "  infergraph --sdep NAME --namespace NAME --predictor NAME [flags]\n"
         "                                              serve that of ENGINE_PREDICTOR\n"
         "  infergraph check FILE                       validate a graph and draw it\n"
         "  infergraph stub FILE                        stand in for its nodes\n"
         "  infergraph try FILE                         send it one request, step by step\n"
         "  infergraph help [COMMAND]                   tell the flags, its own or all\n"
         "  infergraph version                          tell the version\n";
}

std::string help_text() {
  std::string text =
      usage_text() +
      "\nA flag is written -name value, --name value or --name=value, a switch --name or\n"
      "--name=false; the last of several wins. A variable sets a flag that isn't given:\n"
      "INFERGRAPH_ and its name in capitals, as INFERGRAPH_MAX_CONNECTIONS for\n"
      "--max_connections. FILE may stand without \"serve\", or after --file.\n";
  std::string_view group;
  for (const Flag& flag : flags()) {
    if (flag.group != group) {
      group = flag.group;
      text.append("\n").append(group).append(":\n");
    }
    const std::string head = "--" + flag.name + (flag.is_switch() ? "" : " " + flag.value);
    const bool has_default = !flag.fallback.empty() && flag.fallback != "false";
    append_entry(text, head, has_default ? flag.help + " (" + flag.fallback + ")" : flag.help);
  }
  text += "\nOther:\n";
  append_entry(text, "--help, -h", "print this");
  append_entry(text, "--version", "print the version");
  text += "\nEnvironment:\n";
  for (const Variable& variable : kVariables) {
    append_entry(text, std::string(variable.name), variable.help);
  }
  text += "\nSettings of nodes, annotations infergraph.io/NODE.NAME or infergraph.io/NAME:\n";
  for (const graph::Setting& setting : graph::settings()) {
    const std::string head = std::string(setting.name) + " " + std::string(setting.value);
    std::string help(setting.help);
    if (!setting.fallback.empty()) help += " (" + std::string(setting.fallback) + ")";
    append_entry(text, head, help);
  }
  text +=
      "\nExit codes: 0 stopped cleanly, 1 could not start, or requests outlived the\n"
      "drain, 2 unknown flag or unparsable value. docs/flags.md and\ndocs/settings.md tell more.\n";
  return text;
}

}  // namespace infergraph::engine
