#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "graph/problems.hpp"
#include "graph/settings.hpp"
#include "graph/spec.hpp"

namespace infergraph::graph {

/// Annotations as one level has them. Borrows: everything.
struct AnnotationLevel {
  std::string_view owner;  ///< "the predictor", "the deployment", "the pod"
  std::string_view path;   ///< "spec.predictors[0].annotations"
  const Annotations& annotations;
  /// Nodes of other predictors, of which it may speak as well.
  const std::set<std::string_view>* others = nullptr;
};

/// Fills NodeSpec::settings of every node: from the annotations infergraph.io/NODE.NAME, else from
/// infergraph.io/NAME, each of the nearest of `levels` that has it, else from the unit's parameter
/// NAME. An empty annotation turns the setting off: then a parameter of that name is the
/// component's own. The annotation infergraph.io/settings holds lines "NODE.NAME: VALUE", for nodes
/// whose names are none for a key of Kubernetes.
///
/// `levels`: nearest first. `protocol`: the deployment's, where it is known. What is wrong is a
/// warning, and counts as absent: a value that a setting can't have, a node or setting that there
/// isn't, a parameter that is left to its component or that its component would stop at.
void read_settings(PredictorSpec& predictor, std::span<const AnnotationLevel> levels,
                   std::optional<protocol::Protocol> protocol, Problems& warnings);

/// The annotation that sets `name` for `node`: infergraph.io/NODE.NAME, or infergraph.io/settings
/// where that is none that Kubernetes takes.
std::string annotation_of(std::string_view node, std::string_view name);

}  // namespace infergraph::graph
