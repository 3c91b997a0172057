#include "engine/tools/check/command.hpp"

#include <algorithm>
#include <iostream>
#include <ostream>

#include "base/utf8.hpp"
#include "engine/command_line/settings.hpp"
#include "engine/tools/args.hpp"
#include "engine/tools/settings_text.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/tree_printer.hpp"
#include "graph/spec/server_kind.hpp"

namespace infergraph::engine {
namespace {

/// Whether a problem is about this node and not about one below it.
bool concerns(const graph::Problem& problem, const std::string& node_path) {
  if (node_path.empty() || !problem.path.starts_with(node_path)) return false;
  const std::string_view rest = std::string_view(problem.path).substr(node_path.size());
  return rest.empty() || (rest[0] == '.' && !rest.starts_with(".children["));
}

// How and where a node is called: "REST localhost:9000", "GRPC v2 host:9500".
std::string called_text(const graph::NodeSpec& node, const graph::DeploymentSpec& deployment) {
  const auto protocol =
      protocol::protocol_of(deployment.protocol).value_or(protocol::Protocol::kSeldon);
  const graph::ServerKind kind = graph::server_kind_of(node, protocol);
  graph::NodeSpec called = node;
  const bool is_direct = kind.direct && !kind.may_be_proxy;
  if (is_direct) called.endpoint = *kind.direct;
  const auto transport = transport_of(called.endpoint, deployment.transport);
  const graph::Endpoint& endpoint = called.endpoint;
  const std::uint16_t port =
      transport == protocol::Transport::kGrpc ? endpoint.grpc_port : endpoint.http_port;
  std::string text(transport_text(transport));
  if (kind.protocol != protocol::Protocol::kSeldon && !kind.may_be_proxy) {
    text.append(" ").append(name_of(kind.protocol));
  }
  text += " " + printable(address_text(endpoint.service_host, port));
  if (kind.may_be_proxy) {
    text += " or tensorflow " +
            printable(address_text(kind.direct->service_host, kind.direct->http_port));
  }
  return text;
}

TreeRow row_of(const graph::NodeSpec& node, const graph::SpecReading& reading) {
  const auto is_in = [&](const std::vector<graph::Problem>& found) {
    return std::any_of(found.begin(), found.end(),
                       [&](const graph::Problem& problem) { return concerns(problem, node.path); });
  };
  TreeRow row;
  const std::string name = printable(node.name);
  row.name = {name, &TextStyle::bold};
  if (is_in(reading.problems)) {
    row.name = {"✗ " + name, &TextStyle::red};
  } else if (is_in(reading.warnings)) {
    row.name = {"⚠ " + name, &TextStyle::yellow};
  }
  const std::string_view type = type_text(node.type);
  row.columns.push_back({std::string(type.empty() ? "-" : type), &TextStyle::cyan});

  std::string called = called_text(node, reading.deployment);
  if (is_built_in(node.implementation)) called = "in-process";
  if (is_fan_out(node)) called = "not called";
  row.columns.push_back({called});

  std::string more(printable(implementation_text(node)));
  const auto methods = method_texts(node.methods);
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (i == 0 && !more.empty()) more += "  ";
    more += i == 0 ? "methods " : ", ";
    more += methods[i];
  }
  row.columns.push_back({more});
  return row;
}

// Each with its place, and with the line as it stands there.
void list(std::ostream& out, const std::vector<graph::Problem>& found, const TextStyle& style) {
  for (const graph::Problem& problem : found) {
    out << "  ";
    if (problem.line != 0) {
      out << "line " << problem.line << ", column " << problem.column << ": ";
    }
    if (!problem.path.empty()) out << style.bold(printable(problem.path)) << ": ";
    out << printable(problem.message) << "\n";
    if (!problem.source.empty()) out << style.dim("    | " + printable(problem.source)) << "\n";
  }
}

void write_list(JsonWriter& writer, std::string_view key,
                const std::vector<graph::Problem>& found) {
  write_key(writer, key);
  writer.StartArray();
  for (const graph::Problem& problem : found) {
    writer.StartObject();
    write_key(writer, "path");
    write_string(writer, to_utf8(problem.path));
    write_key(writer, "message");
    write_string(writer, to_utf8(problem.message));
    if (problem.line != 0) {
      write_key(writer, "line");
      writer.Uint64(problem.line);
      write_key(writer, "column");
      writer.Uint64(problem.column);
      write_key(writer, "source");
      write_string(writer, to_utf8(problem.source));
    }
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

bool keep_predictor(graph::DeploymentSpec& deployment, const std::string& name) {
  std::erase_if(deployment.predictors,
                [&](const graph::PredictorSpec& predictor) { return predictor.name != name; });
  return !deployment.predictors.empty();
}

std::string predictor_names(const graph::DeploymentSpec& deployment) {
  std::string names;
  for (const graph::PredictorSpec& predictor : deployment.predictors) {
    names += (names.empty() ? "" : ", ") + printable(predictor.name);
  }
  return names.empty() ? "none" : names;
}

void print_check(std::ostream& out, const graph::SpecReading& reading, const TextStyle& style) {
  const graph::DeploymentSpec& deployment = reading.deployment;
  for (const graph::PredictorSpec& predictor : deployment.predictors) {
    out << "predictor " << style.bold(printable(predictor.name));
    if (!deployment.name.empty()) {
      out << style.dim(" of " + printable(deployment.name));
    }
    out << style.dim(", " + counted(predictor.nodes.size(), "node")) << "\n";
    out << draw_tree(predictor, style, [&](std::size_t node) {
      return row_of(predictor.nodes[node], reading);
    }) << "\n";
    print_settings(out, predictor, style);
  }
  if (reading.ok() && reading.warnings.empty()) {
    out << style.green("✓ no problems") << "\n";
    return;
  }
  if (!reading.ok()) {
    out << style.red("✗ " + counted(reading.problems.size(), "error")) << "\n";
    list(out, reading.problems, style);
  }
  if (!reading.warnings.empty()) {
    out << style.yellow("⚠ " + counted(reading.warnings.size(), "warning")) << "\n";
    list(out, reading.warnings, style);
  }
}

void print_check_json(std::ostream& out, const graph::SpecReading& reading) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "ok");
  writer.Bool(reading.ok());
  write_key(writer, "deployment");
  write_string(writer, to_utf8(reading.deployment.name));
  write_list(writer, "problems", reading.problems);
  write_list(writer, "warnings", reading.warnings);
  write_key(writer, "predictors");
  writer.StartArray();
  for (const graph::PredictorSpec& predictor : reading.deployment.predictors) {
    write_predictor(writer, predictor, reading.deployment.transport);
  }
  writer.EndArray();
  writer.EndObject();
  out << std::string_view(buffer.GetString(), buffer.GetSize()) << "\n";
}

int run_check(const std::vector<std::string>& args, const Environment& environment) {
  bool json = false;
  bool strict = false;
  std::string predictor;
  std::string file;
  std::string said;
  graph::SpecChoice choice;
  ToolArgs flags(
      "check FILE [--strict] [--json] [--sdep NAME] [--namespace NAME] "
      "[--predictor NAME] [--protocol NAME]",
      "Reads a graph as the engine does, draws it, and lists every error and warning with "
      "its line and path,\nand with what was meant. FILE is a SeldonDeployment (.yaml, "
      ".yml, .json), or a bare predictor as in\nENGINE_PREDICTOR (JSON, or that in "
      "base64); - reads stdin. Without FILE it is ENGINE_PREDICTOR.");
  flags.let_file_be_missing();
  flags.add_switch("strict", "warnings fail too", strict);
  flags.add_switch("json", "print one JSON object", json);
  flags.add_text("sdep", "NAME", "which SeldonDeployment, if FILE has several", choice.name);
  flags.add_text("namespace", "NAME", "its namespace", choice.namespace_);
  flags.add_text("predictor", "NAME", "draw only this predictor", predictor);
  flags.add_text("protocol", "NAME", "what the engine is told to speak, if it is", said);
  flags.set_footer("exit code: 0 no errors, 1 errors (with --strict: or warnings), 2 bad usage");
  if (const auto code = flags.parse(args, file)) return *code;

  graph::EngineFacts engine;
  engine.variable_fault = variable_fault;
  if (!said.empty()) {
    const auto protocols = read_protocols(said);
    if (!protocols) {
      std::cerr << "infergraph check: --protocol must be seldon, tensorflow or v2\n";
      return 2;
    }
    engine.protocol = protocols->front();
  }
  graph::SpecReading reading;
  if (file.empty()) {
    const auto encoded = environment("ENGINE_PREDICTOR");
    if (!encoded) {
      std::cerr << "infergraph check: FILE is missing, and ENGINE_PREDICTOR is not set; see "
                   "infergraph check --help\n";
      return 2;
    }
    reading = graph::read_engine_predictor(*encoded, {}, engine);
  } else {
    reading = graph::read_deployment_file(file, {}, choice, engine);
  }
  if (engine.protocol) {
    reading.deployment.protocol = name_of(*engine.protocol);  // of which the nodes are
  }
  if (!predictor.empty()) {
    const std::string names = predictor_names(reading.deployment);
    if (!keep_predictor(reading.deployment, predictor)) {
      reading.problems.push_back(
          {"spec.predictors", "none is named \"" + predictor + "\"; there are: " + names});
    }
  }
  for (graph::Problem& problem : reading.problems) {
    if (problem.path.empty() && problem.line == 0) problem.path = file;  // it can't be read
  }
  if (json) {
    print_check_json(std::cout, reading);
  } else {
    print_check(std::cout, reading, TextStyle::for_stdout());
  }
  std::cout << std::flush;
  return reading.ok() && !(strict && !reading.warnings.empty()) ? 0 : 1;
}

}  // namespace infergraph::engine
