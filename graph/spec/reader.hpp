#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/engine_facts.hpp"
#include "graph/spec/spec.hpp"
#include "graph/spec/text/problems.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// What reading gave: the spec, and everything found. The spec is whole only if `problems` is
/// empty; otherwise it holds whatever could be read (for `infergraph check` to draw).
struct SpecReading {
  DeploymentSpec deployment;
  std::vector<Problem> problems;  ///< for which the engine doesn't start
  std::vector<Problem> warnings;  ///< with which it does; it logs them
  bool is_bare = false;           ///< a predictor without a deployment around it
  bool ok() const { return problems.empty(); }
};

enum class SpecFormat { kYaml, kJson, kAny };

/// Which of several SeldonDeployments is meant; what is empty chooses nothing.
struct SpecChoice {
  std::string name;
  std::string namespace_;
};

/// A SeldonDeployment (v1, v1alpha2, v1alpha3) from the text of a file. The text may hold several
/// documents and Lists, the SeldonDeployment among them; of several SeldonDeployments, the chosen
/// one. It may be a bare predictor too, or that in base64 as in ENGINE_PREDICTOR. Defaults are
/// filled and everything is validated. `pod`: annotations that count where the deployment has none
/// (graph/spec/settings_reader.hpp). `protocol`: what the engine is told to speak, whatever the
/// file says.
SpecReading read_deployment(std::string_view text, SpecFormat format, const Annotations& pod = {},
                            const SpecChoice& choice = {}, const EngineFacts& engine = {});

/// A bare predictor, as base64 JSON in ENGINE_PREDICTOR (docs/wire/graph.md §2). The result's
/// deployment holds that one predictor and no name. Paths begin with "ENGINE_PREDICTOR".
SpecReading read_engine_predictor(std::string_view base64, const Annotations& pod = {},
                                  const EngineFacts& engine = {});

/// The same for a file, "-" being stdin; the format follows from its name (.yaml, .yml, .json),
/// else from what is in it. A file that can't be read is a problem without a path.
SpecReading read_deployment_file(const std::string& file_name, const Annotations& pod = {},
                                 const SpecChoice& choice = {}, const EngineFacts& engine = {});

}  // namespace infergraph::graph
