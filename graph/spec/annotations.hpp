#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/spec.hpp"

namespace infergraph::graph {

/// What the annotations `seldon.io/rest-timeout`, `seldon.io/grpc-timeout` (both in ms) and
/// `seldon.io/grpc-max-message-size` (bytes) ask for; nothing means no limit.
/// Source: docs/wire/graph.md §7.
struct Annotated {
  std::optional<std::chrono::milliseconds> rest_timeout;
  std::optional<std::chrono::milliseconds> grpc_timeout;
  std::optional<int> grpc_max_message_size;
  std::vector<std::string> warnings;
};

/// Reads the file that Kubernetes' downward API writes: lines of key="value", the key quoted or
/// not, the value as Go's %q quotes one. A line that is something else is skipped with a warning;
/// the others count all the same.
Annotations parse_podinfo(std::string_view text, std::vector<std::string>& warnings);

/// The nearest of three levels that has an annotation wins: the predictor, the deployment's spec,
/// podinfo. A value that is no number counts as absent on its level, with a warning of podinfo's
/// (of the file's, its reader warns); one of 0 or less means no limit, whatever the further levels
/// say.
Annotated resolve_annotations(const Annotations& podinfo, const Annotations& deployment,
                              const Annotations& predictor);

}  // namespace infergraph::graph
