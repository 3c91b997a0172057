#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "graph/yaml_tree.hpp"

namespace infergraph::graph {

/// What yaml-cpp takes but we don't. Thrown through it, since its events can't fail.
struct Refused {
  YAML::Mark mark;
  std::string message;
};

/// Copies what aliases stand for and keeps count, over the whole file.
/// Errors: throws Refused over kMaxAliasValues or kMaxAliasBytes.
class Expansion {
 public:
  /// Appends a copy of `values[first]` and all inside it, under `key`.
  void copy(std::vector<JsonValue>& values, std::size_t first, std::string_view key,
            const YAML::Mark& mark);

  /// Counts a scalar that an alias stands for. It is not copied here, but its reader may do so.
  void count_scalar(std::string_view text, const YAML::Mark& mark);

 private:
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

/// Makes a tree of yaml-cpp's events of one document.
/// Borrows: both arguments. Errors: throws Refused.
class YamlBuilder : public YAML::EventHandler {
 public:
  YamlBuilder(YamlDocument& document, Expansion& expansion)
      : tree_(document.tree),
        values_(document.tree.values()),
        problems_(document.problems),
        expansion_(expansion) {}

  /// Where the document begins.
  const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;

 private:
  struct Open {
    std::size_t index;  // of the container
    bool is_map;
    bool has_key = false;   // a map whose next event is a value
    std::string_view key;   // of the member that was begun last
    std::size_t begun = 0;  // elements or members
    YAML::Mark mark;
  };
  struct Anchor {
    bool is_scalar = false;
    JsonValue scalar;
    std::size_t index = 0;
  };

  bool wants_key() const { return !open_.empty() && open_.back().is_map && !open_.back().has_key; }
  void begin_value(const YAML::Mark& mark);
  std::string_view take_key();
  void scalar(const YAML::Mark& mark, YAML::anchor_t anchor, protocol::json::Kind kind,
              std::string_view text);
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, protocol::json::Kind kind);
  void close();
  Anchor& anchor_at(YAML::anchor_t anchor);

  /// Calls `see` with the index of every member of the map that is about to end.
  template <typename See>
  void each_member(See see);
  void check_keys();
  void merge();
  void add_members(std::size_t from, std::unordered_set<std::string_view>& present);
  [[noreturn]] void refuse_merge() const;
  /// Of the innermost open container.
  std::string path() const;

  JsonTree& tree_;
  std::vector<JsonValue>& values_;
  std::vector<Problem>& problems_;
  Expansion& expansion_;
  std::vector<Open> open_;
  std::vector<Anchor> anchors_;
  YAML::Mark start_;
};

}  // namespace infergraph::graph
