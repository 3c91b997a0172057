#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/spec.hpp"

namespace infergraph::graph {

/// One thing wrong with a graph file, and where.
struct Problem {
  std::string path;     ///< "spec.predictors[0].graph.children[1].type"; "" for the whole file
  std::string message;  ///< "\"MODLE\" is not one of MODEL, ROUTER, …"
};

/// What reading gave: the spec, and every problem found. The spec is whole only if `problems` is
/// empty; otherwise it holds whatever could be read (for `infergraph check` to draw).
struct SpecReading {
  DeploymentSpec deployment;
  std::vector<Problem> problems;
  std::vector<Problem> warnings;  ///< of what is served, though hardly as it was meant
  bool ok() const { return problems.empty(); }
};

enum class SpecFormat { kYaml, kJson };

/// A SeldonDeployment (v1, v1alpha2, v1alpha3) from the text of a file. YAML text may hold several
/// documents, the SeldonDeployment among them. Defaults are filled and everything is validated.
/// `pod`: annotations that count where the deployment has none (graph/settings_reader.hpp).
SpecReading read_deployment(std::string_view text, SpecFormat format, const Annotations& pod = {});

/// A bare predictor, as base64 JSON in ENGINE_PREDICTOR (contract/cli_env.md §2). The result's
/// deployment holds that one predictor and no name. Paths begin with "ENGINE_PREDICTOR".
SpecReading read_engine_predictor(std::string_view base64, const Annotations& pod = {});

/// The same for a file; the format follows from its name (.yaml, .yml, .json). A file that can't be
/// read is a problem without a path.
SpecReading read_deployment_file(const std::string& file_name, const Annotations& pod = {});

}  // namespace infergraph::graph
