#include "graph/spec/component_reader.hpp"

#include <utility>

#include "graph/spec/schema.hpp"
#include "graph/spec/text/yaml_scalar.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

std::vector<Container> read_containers(const Fields& predictor) {
  std::vector<Container> containers;
  std::size_t component_index = 0;
  each_object(predictor, "componentSpecs", [&](const Fields& component) {
    check_own_keys(component, schema::kComponent);
    const std::size_t index = component_index++;
    const Place place(component.place(), "spec");
    const Fields pod(component.object("spec"), place, component.findings());
    each_object(pod, "containers", [&](const Fields& fields) {
      Container container{fields.any_text("name"), fields.any_text("image")};
      const JsonValue* const ports = fields.value()->member("ports");
      if (ports != nullptr && ports->is_array()) {
        for (const JsonValue& port : ports->children()) {
          const JsonValue* const name = port.member("name");
          const JsonValue* const number = port.member("containerPort");
          if (name == nullptr || number == nullptr || number->kind != Kind::kNumber) continue;
          const auto whole = to_whole_number(number->text);
          if (!whole || *whole <= 0 || *whole > 65535) continue;
          if (name->text == "http") container.http_port = static_cast<std::uint16_t>(*whole);
          if (name->text == "grpc") container.grpc_port = static_cast<std::uint16_t>(*whole);
        }
      }
      container.component = index;
      container.path = fields.place().text();
      containers.push_back(std::move(container));
    });
  });
  return containers;
}

std::vector<Variable> read_variables(const Fields& predictor) {
  std::vector<Variable> variables;
  const Place place(predictor.place(), "svcOrchSpec");
  const Fields orchestrator(predictor.object("svcOrchSpec"), place, predictor.findings());
  check_own_keys(orchestrator, schema::kOrchestrator);
  each_object(orchestrator, "env", [&](const Fields& variable) {
    variables.push_back(
        {variable.any_text("name"), variable.any_text("value"), variable.place().text()});
  });
  return variables;
}

}  // namespace infergraph::graph
