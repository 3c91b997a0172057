#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec/settings.hpp"
#include "graph/spec/spec.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

/// What the values of annotations may take together, one for each node that they count for: a value
/// of all nodes is held by each.
inline constexpr std::size_t kMaxSettingBytes = 16 << 20;

/// Annotations as one level has them. Borrows: everything.
struct AnnotationLevel {
  std::string_view owner;  ///< "the predictor", "the deployment", "the pod"
  std::string_view path;   ///< "spec.predictors[0].annotations"
  const Annotations& annotations;
  /// It also has what is said of nodes in other files: told only if a name here is near.
  bool is_of_others = false;
};

/// Fills NodeSpec::settings of every node: from the annotations infergraph.io/NODE.NAME, else from
/// infergraph.io/NAME, each of the nearest level that has it, else from the unit's parameter NAME.
/// An empty annotation turns the setting off: then a parameter of that name is the component's own.
/// The annotation infergraph.io/settings holds lines "NODE.NAME: VALUE", for nodes whose names are
/// none for a key of Kubernetes.
///
/// What is wrong is a warning, and counts as absent: a value that a setting can't have, a node or
/// setting that there isn't, a parameter that is left to its component or that its component would
/// stop at. Values over kMaxSettingBytes are a problem.
///
/// Owns: what it read of the levels. Borrows: the findings, and the names of the nodes.
class SettingsReader {
 public:
  /// `nodes`: of all predictors. `protocol`: the deployment's, where it is known.
  SettingsReader(std::set<std::string_view> nodes, std::optional<protocol::Protocol> protocol,
                 Findings& findings);

  /// Reads a level that all predictors have, farther than those before: once, however many there
  /// are.
  void share(const AnnotationLevel& level);

  /// Reads a predictor's own level, which is the nearest, and fills its nodes.
  void read(PredictorSpec& predictor, const AnnotationLevel& own);

  /// A value where it stands.
  struct Entry {
    std::string value;
    std::string path;
    std::string source;
  };
  /// By node, "" for all, then by setting.
  using Entries = std::map<std::string, std::map<std::string_view, Entry>, std::less<>>;

 private:
  class LevelReader;
  class NodeReader;

  std::set<std::string_view> nodes_;
  std::optional<protocol::Protocol> protocol_;
  Findings& findings_;
  std::vector<Entries> shared_;
  std::size_t bytes_ = 0;  // of values, over all predictors
};

/// The annotation that sets `name` for `node`: infergraph.io/NODE.NAME, or infergraph.io/settings
/// where that is none that Kubernetes takes.
std::string annotation_of(std::string_view node, std::string_view name);

}  // namespace infergraph::graph
