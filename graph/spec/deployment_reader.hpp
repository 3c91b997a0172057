#pragma once

#include <cstddef>
#include <string>

#include "graph/spec/engine_facts.hpp"
#include "graph/spec/spec.hpp"
#include "graph/spec/text/json_tree.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// Reads the SeldonDeployment `root`, which stands at `path` in its document: fields, defaults,
/// what is wrong and what should be known. `max_depth`: how many nodes may lie on one way from the
/// root of a graph. `pod`: the annotations of the pod. `engine`: of the one that serves it.
DeploymentSpec read_deployment(const JsonValue& root, const std::string& path,
                               std::size_t max_depth, const Annotations& pod,
                               const EngineFacts& engine, Findings& findings);

/// The same for a bare predictor, in which the operator has filled the defaults. The deployment
/// holds it alone.
DeploymentSpec read_predictor(const JsonValue& root, const std::string& path, std::size_t max_depth,
                              const Annotations& pod, const EngineFacts& engine,
                              Findings& findings);

}  // namespace infergraph::graph
