#include "engine/tools/check/graph_file.hpp"

#include <iostream>
#include <utility>

#include "engine/command_line/graph_source.hpp"
#include "engine/tools/check/command.hpp"
#include "engine/tools/text_style.hpp"
#include "graph/spec/reader.hpp"

namespace infergraph::engine {

void GraphChoice::add_flags(ToolArgs& tool) {
  tool.let_file_be_missing();
  tool.add_text("sdep", "NAME", "which SeldonDeployment, if FILE has several", deployment.name);
  tool.add_text("namespace", "NAME", "its namespace", deployment.namespace_);
  tool.add_text("predictor", "NAME", "whose graph, if there are several", predictor);
}

std::optional<GraphFile> read_graph_file(std::string_view tool, const GraphChoice& choice,
                                         const Environment& environment, int& exit_code) {
  std::string file = choice.file;
  const std::string& predictor = choice.predictor;
  graph::SpecReading reading;
  if (file.empty()) {
    file = "ENGINE_PREDICTOR";
    const auto encoded = environment(file);
    if (!encoded) {
      std::cerr << "infergraph " << tool << ": FILE is missing, and " << file
                << " is not set; see infergraph " << tool << " --help\n";
      exit_code = 2;
      return std::nullopt;
    }
    reading = graph::read_engine_predictor(*encoded);
  } else {
    reading = graph::read_deployment_file(file, {}, choice.deployment);
  }
  if (!reading.ok()) {
    std::cerr << "infergraph " << tool << ": " << printable(file) << " has "
              << counted(reading.problems.size(), "error") << "\n";
    for (const graph::Problem& problem : reading.problems) {
      std::cerr << "  " << printable(told(file, problem)) << "\n";
    }
    exit_code = 1;
    return std::nullopt;
  }
  const std::string names = predictor_names(reading.deployment);
  if (predictor.empty() && reading.deployment.predictors.size() > 1) {
    std::cerr << "infergraph " << tool << ": name one with --predictor: " << names << "\n";
    exit_code = 2;
    return std::nullopt;
  }
  if (!predictor.empty() && !keep_predictor(reading.deployment, predictor)) {
    std::cerr << "infergraph " << tool << ": no predictor \"" << printable(predictor)
              << "\"; there are: " << names << "\n";
    exit_code = 2;
    return std::nullopt;
  }
  GraphFile made;
  made.predictor = std::move(reading.deployment.predictors.front());
  made.deployment = std::move(reading.deployment);
  made.deployment.predictors.clear();
  return made;
}

}  // namespace infergraph::engine
