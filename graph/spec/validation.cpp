#include "graph/spec/validation.hpp"

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "graph/spec/ratio.hpp"

namespace infergraph::graph {

namespace {

/// Adds a problem unless one is known there: a number where the name belongs is no missing name
/// too.
void add(Problems& problems, std::string path, std::string message) {
  if (!problems.any_in(path)) problems.add(std::move(path), std::move(message));
}

void check_ratio(const NodeSpec& node, Problems& problems) {
  for (std::size_t i = 0; i < node.parameters.size(); ++i) {
    const Parameter& parameter = node.parameters[i];
    if (parameter.name != "ratioA" || to_ratio(parameter.value)) continue;
    const std::string path = element_path(member_path(node.path, "parameters"), i);
    add(problems, member_path(path, "value"),
        "ratioA must be a number from 0 to 1, not " + quoted(parameter.value));
  }
}

void check_endpoint(const NodeSpec& node, Problems& problems) {
  if (node.endpoint.http_port != 0 || node.endpoint.grpc_port != 0) return;
  add(problems, member_path(node.path, "endpoint"),
      "a node that is called needs httpPort, grpcPort or service_port");
}

}  // namespace

void validate(const PredictorReading& reading, Problems& problems) {
  if (reading.is_cut) return;
  for (const NodeSpec& node : reading.predictor.nodes) {
    if (node.implementation == Implementation::kRandomAbTest) check_ratio(node, problems);
    if (is_in_process(node)) continue;
    check_endpoint(node, problems);
  }
}

void validate_names(std::span<const PredictorReading> readings, Problems& problems) {
  std::unordered_map<std::string_view, std::string_view> bearers;
  for (const PredictorReading& reading : readings) {
    const std::string& name = reading.predictor.name;
    const auto [seen, is_new] = bearers.try_emplace(name, reading.path);
    if (is_new) continue;
    add(problems, member_path(reading.path, "name"),
        quoted(name) + " is also the name of " + std::string(seen->second) +
            ": a predictor is chosen by its name");
  }
}

}  // namespace infergraph::graph
