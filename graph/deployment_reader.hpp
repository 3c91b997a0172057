#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "graph/json_tree.hpp"
#include "graph/problems.hpp"
#include "graph/spec.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// Reads the SeldonDeployment `root`, which stands at `path` in its document: fields, defaults,
/// what is wrong and what should be known. `max_depth`: how many nodes may lie on one way from the
/// root of a graph. `pod`: the annotations of the pod. `protocol`: what counts over the file's.
DeploymentSpec read_deployment(const JsonValue& root, const std::string& path,
                               std::size_t max_depth, const Annotations& pod,
                               std::optional<protocol::Protocol> protocol, Findings& findings);

/// The same for a bare predictor, in which the operator has filled the defaults. The deployment
/// holds it alone.
DeploymentSpec read_predictor(const JsonValue& root, const std::string& path, std::size_t max_depth,
                              const Annotations& pod, std::optional<protocol::Protocol> protocol,
                              Findings& findings);

}  // namespace infergraph::graph
