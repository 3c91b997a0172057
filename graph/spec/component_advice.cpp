#include "graph/spec/component_advice.hpp"

#include <cstddef>
#include <string>

#include "base/nearest_name.hpp"

namespace infergraph::graph {

namespace {

/// Finding a name that is near takes a look at each: too many aren't looked at.
constexpr std::size_t kMostLookedAt = 50;

bool is_engines_own(std::string_view name) {
  return name == "seldon-container-engine" || name == "tfserving";
}

}  // namespace

ContainerNames::ContainerNames(const PredictorReading& reading) : reading_(reading) {
  for (const Container& container : reading.containers) {
    containers_.emplace(container.name, &container);
  }
  for (const NodeSpec& node : reading.predictor.nodes) {
    nodes_.insert(node.name);
    const bool needs_one = !is_built_in(node.implementation) && !has(node.name);
    if (needs_one && without_container_.size() < kMostLookedAt) {
      without_container_.push_back(node.name);
    }
  }
  for (const Container& container : reading.containers) {
    if (nodes_.contains(container.name) || without_node_.size() == kMostLookedAt) continue;
    without_node_.push_back(container.name);
  }
}

void ContainerNames::advise_node(const NodeSpec& node, Problems& warnings) const {
  const bool is_made = node.implementation == Implementation::kPrepackaged;
  if (!reading_.has_components || is_made || has(node.name)) return;
  warnings.add(Place(Place(node.path), "name"), [&] {
    return "no container of componentSpecs is called " + quoted(node.name) +
           ", for which Kubernetes refuses the graph" + did_you_mean(node.name, without_node_);
  });
}

void ContainerNames::advise_unused(Problems& warnings) const {
  const std::vector<Container>& containers = reading_.containers;
  for (std::size_t begin = 0; begin < containers.size();) {
    std::size_t end = begin;
    bool is_used = false;
    for (; end < containers.size() && containers[end].component == containers[begin].component;
         ++end) {
      is_used =
          is_used || nodes_.contains(containers[end].name) || is_engines_own(containers[end].name);
    }
    if (!is_used) {
      const Container& container = containers[begin];
      warnings.add(Place(Place(container.path), "name"), [&] {
        return "no node of the graph is called " + quoted(container.name) +
               ", so this pod is never called" + did_you_mean(container.name, without_container_);
      });
    }
    begin = end;
  }
}

}  // namespace infergraph::graph
