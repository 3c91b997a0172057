#include "engine/tools/check.hpp"

#include <algorithm>
#include <iostream>
#include <ostream>

#include "engine/tools/settings_text.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/tool_args.hpp"
#include "engine/tools/tree_printer.hpp"
#include "graph/server_kind.hpp"

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
  const bool bad =
      std::any_of(reading.problems.begin(), reading.problems.end(),
                  [&](const graph::Problem& problem) { return concerns(problem, node.path); });
  TreeRow row;
  const std::string name = node.name.empty() ? "(no name)" : printable(node.name);
  row.name = {bad ? "✗ " + name : name, bad ? &TextStyle::red : &TextStyle::bold};
  const std::string_view type = type_text(node.type);
  row.columns.push_back({std::string(type.empty() ? "-" : type), &TextStyle::cyan});

  std::string called = "in-process";
  if (!is_built_in(node.implementation)) {
    called = called_text(node, reading.deployment);
  }
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
  if (reading.ok()) {
    out << style.green("✓ no problems") << "\n";
    return;
  }
  out << style.red("✗ " + counted(reading.problems.size(), "problem")) << "\n";
  for (const graph::Problem& problem : reading.problems) {
    out << "  ";
    if (!problem.path.empty()) out << style.bold(printable(problem.path)) << ": ";
    out << printable(problem.message) << "\n";
  }
}

void print_check_json(std::ostream& out, const graph::SpecReading& reading) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_key(writer, "ok");
  writer.Bool(reading.ok());
  write_key(writer, "deployment");
  write_string(writer, valid_utf8(reading.deployment.name));
  write_key(writer, "problems");
  writer.StartArray();
  for (const graph::Problem& problem : reading.problems) {
    writer.StartObject();
    write_key(writer, "path");
    write_string(writer, valid_utf8(problem.path));
    write_key(writer, "message");
    write_string(writer, valid_utf8(problem.message));
    writer.EndObject();
  }
  writer.EndArray();
  write_key(writer, "predictors");
  writer.StartArray();
  for (const graph::PredictorSpec& predictor : reading.deployment.predictors) {
    write_predictor(writer, predictor, reading.deployment.transport);
  }
  writer.EndArray();
  writer.EndObject();
  out << std::string_view(buffer.GetString(), buffer.GetSize()) << "\n";
}

int run_check(const std::vector<std::string>& args) {
  bool json = false;
  std::string predictor;
  std::string file;
  ToolArgs flags("check FILE [--json] [--predictor NAME]",
                 "Validates a SeldonDeployment (.yaml, .yml, .json), draws its graph and lists "
                 "every problem\nwith its path.");
  flags.add_switch("json", "print one JSON object", json);
  flags.add_text("predictor", "NAME", "draw only this predictor", predictor);
  flags.set_footer("exit code: 0 no problems, 1 problems, 2 bad usage");
  if (const auto code = flags.parse(args, file)) return *code;

  graph::SpecReading reading = graph::read_deployment_file(file);
  if (!predictor.empty()) {
    const std::string names = predictor_names(reading.deployment);
    if (!keep_predictor(reading.deployment, predictor)) {
      reading.problems.push_back(
          {"spec.predictors", "none is named \"" + predictor + "\"; there are: " + names});
    }
  }
  if (json) {
    print_check_json(std::cout, reading);
  } else {
    print_check(std::cout, reading, TextStyle::for_stdout());
  }
  std::cout << std::flush;
  return reading.ok() ? 0 : 1;
}

}  // namespace infergraph::engine
