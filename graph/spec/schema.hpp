#pragma once

#include <span>
#include <string_view>
#include <utility>

#include "graph/spec/fields.hpp"
#include "graph/spec/text/json_tree.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// The keys that one kind of object has. Source: docs/wire/graph.md §1.
struct Schema {
  std::string_view what;  ///< "a graph node"
  std::span<const std::string_view> keys;
  /// What people write for them, beyond slips of the pen, and what is meant.
  std::span<const std::pair<std::string_view, std::string_view>> meant;
};

namespace schema {
extern const Schema kDocument;
extern const Schema kSpec;
extern const Schema kPredictor;
extern const Schema kOrchestrator;  ///< svcOrchSpec
extern const Schema kComponent;     ///< componentSpecs[i]
extern const Schema kNode;
extern const Schema kEndpoint;
extern const Schema kParameter;
extern const Schema kLogger;
extern const Schema kExplainer;
extern const Schema kTls;  ///< ssl
}  // namespace schema

/// Warns of each key that the schema doesn't have, and of one in other case, which is read but not
/// kept by Kubernetes: what was meant, or where it belongs. Keys that begin with "x-" are taken for
/// a place to hold anchors.
void check_keys(const JsonValue& object, const Place& place, const Schema& schema,
                Problems& warnings);

/// The same for the object that was read, if there is one.
void check_own_keys(const Fields& fields, const Schema& schema);

}  // namespace infergraph::graph
