#include "graph/validation.hpp"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

namespace infergraph::graph {

namespace {

/// Adds a problem unless one is known there: a number where the name belongs is no missing name
/// too.
void add(Problems& problems, std::string path, std::string message) {
  if (!problems.any_in(path)) problems.add(std::move(path), std::move(message));
}

/// Names that were seen, each with the path of who bears it.
class Names {
 public:
  void check(const std::string& name, const std::string& bearer, Problems& problems) {
    if (name.empty()) {
      add(problems, member_path(bearer, "name"), "is missing");
      return;
    }
    const auto [seen, is_new] = bearers_.try_emplace(name, bearer);
    if (is_new) return;
    add(problems, member_path(bearer, "name"),
        quoted(name) + " is also the name of " + std::string(seen->second));
  }

 private:
  std::unordered_map<std::string_view, std::string_view> bearers_;
};

void check_children(const NodeSpec& node, Problems& problems) {
  const std::size_t count = node.children.size();
  const char* needed = nullptr;
  switch (node.implementation) {
    case Implementation::kRandomAbTest:
      if (count != 2) needed = "exactly 2 children";
      break;
    case Implementation::kSimpleRouter:
    case Implementation::kAverageCombiner:
      if (count == 0) needed = "at least 1 child";
      break;
    default:
      break;
  }
  if (needed == nullptr) return;
  add(problems, member_path(node.path, "children"),
      node.implementation_name + " needs " + needed + ", not " + std::to_string(count));
}

void check_ratio(const NodeSpec& node, Problems& problems) {
  for (std::size_t i = 0; i < node.parameters.size(); ++i) {
    const Parameter& parameter = node.parameters[i];
    if (parameter.name != "ratioA") continue;
    const std::string path = element_path(member_path(node.path, "parameters"), i);
    if (parameter.type != "INT" && parameter.type != "FLOAT" && parameter.type != "DOUBLE") {
      add(problems, member_path(path, "type"),
          "ratioA must be INT, FLOAT or DOUBLE, not " + quoted(parameter.type));
    }
    double ratio = 0;
    const char* const end = parameter.value.data() + parameter.value.size();
    const auto [stop, error] = std::from_chars(parameter.value.data(), end, ratio);
    // Written so that NaN is refused too.
    if (error == std::errc() && stop == end && ratio >= 0 && ratio <= 1) continue;
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
  // Half a graph has only half of its children, and what is copied too often has names twice.
  if (reading.is_cut) return;
  Names names;
  for (const NodeSpec& node : reading.predictor.nodes) {
    names.check(node.name, node.path, problems);
    check_children(node, problems);
    if (node.implementation == Implementation::kRandomAbTest) check_ratio(node, problems);
    if (is_built_in(node.implementation)) continue;
    check_endpoint(node, problems);
  }
}

void validate_names(std::span<const PredictorReading> readings, Problems& problems) {
  Names names;
  for (const PredictorReading& reading : readings) {
    names.check(reading.predictor.name, reading.path, problems);
  }
}

}  // namespace infergraph::graph
