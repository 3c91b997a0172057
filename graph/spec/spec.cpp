#include "graph/spec/spec.hpp"

namespace infergraph::graph {

std::string PredictorSpec::version() const {
  for (const Annotations* const map : {&annotations, &labels}) {
    if (const auto found = map->find("version"); found != map->end()) return found->second;
  }
  return "";
}

}  // namespace infergraph::graph
