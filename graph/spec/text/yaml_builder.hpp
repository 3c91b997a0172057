#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/spec/text/yaml_tree.hpp"

namespace infergraph::graph {

/// What yaml-cpp takes but we don't. Thrown through it, since its events can't fail.
struct Refused {
  YAML::Mark mark;
  std::string message;
};

/// Counts columns in characters, where yaml-cpp counts bytes.
class Columns {
 public:
  /// `text` without a byte order mark.
  explicit Columns(std::string_view text);

  /// From 1. The work doesn't depend on the line's length.
  std::size_t of(const YAML::Mark& mark) const;

 private:
  std::vector<std::uint32_t> continued_;  // where bytes are that begin no character
};

/// Copies what aliases stand for and keeps count, over the whole file.
/// Errors: throws Refused over kMaxAliasValues or kMaxAliasBytes.
class Expansion {
 public:
  /// Appends a copy of `values[first]` and all inside it.
  void copy(std::vector<JsonValue>& values, std::size_t first, const YAML::Mark& mark);

  /// Counts a scalar that an alias stands for. It is not copied here, but its reader may do so.
  void count_scalar(std::string_view text, const YAML::Mark& mark);

 private:
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

/// Makes a tree of yaml-cpp's events of one document.
/// Borrows: all arguments. Errors: throws Refused.
class YamlBuilder : public YAML::EventHandler {
 public:
  YamlBuilder(JsonTree& tree, Expansion& expansion, const Columns& columns)
      : tree_(tree), values_(tree.values()), expansion_(expansion), columns_(columns) {}

  /// Where the document begins.
  const YAML::Mark& start() const { return start_; }
  /// Where the last scalar in quotes begins, if there is one.
  const std::optional<YAML::Mark>& last_quoted() const { return last_quoted_; }

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
    bool has_key = false;  // a map whose next event is a value
    std::string_view key;  // of the member that was begun last
    YAML::Mark key_mark;   // likewise
    YAML::Mark mark;
    std::size_t end = 0;  // of what the map has of its own, once it is complete
  };
  struct Anchor {
    bool is_scalar = false;
    JsonValue scalar;
    std::size_t index = 0;
  };

  bool wants_key() const { return !open_.empty() && open_.back().is_map && !open_.back().has_key; }
  void begin_value(const YAML::Mark& mark);
  /// Appends a value, under the key that waits for one.
  void append(const YAML::Mark& mark, protocol::json::Kind kind, std::string_view text);
  /// Gives the value at `index` that key, and its place.
  void take_key(std::size_t index, const YAML::Mark& mark);
  void scalar(const YAML::Mark& mark, YAML::anchor_t anchor, protocol::json::Kind kind,
              std::string_view text);
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, protocol::json::Kind kind);
  void close();
  Anchor& anchor_at(YAML::anchor_t anchor);

  /// Which member each key of a map has in the end.
  using Winners = std::unordered_map<std::string_view, std::size_t>;
  void merge();
  /// Adds what the map at `from` has, for the merge key at `at`.
  void add_members(std::size_t from, std::size_t at, Winners& winners);
  [[noreturn]] void refuse_merge() const;

  JsonTree& tree_;
  std::vector<JsonValue>& values_;
  Expansion& expansion_;
  const Columns& columns_;
  std::vector<Open> open_;
  std::vector<Anchor> anchors_;
  YAML::Mark start_;
  std::optional<YAML::Mark> last_quoted_;
};

}  // namespace infergraph::graph
