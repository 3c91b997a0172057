#include "engine/tools/graph_file.hpp"

#include <iostream>
#include <utility>

#include "engine/graph_source.hpp"
#include "engine/tools/check.hpp"
#include "engine/tools/text_style.hpp"
#include "graph/spec_reader.hpp"

namespace infergraph::engine {

std::optional<GraphFile> read_graph_file(std::string_view tool, const std::string& file,
                                         const std::string& predictor, int& exit_code) {
  graph::SpecReading reading = graph::read_deployment_file(file);
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
