#include "graph/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <sstream>
#include <string>
#include <unordered_set>
#include <utility>

#include "graph/problems.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

/// What yaml-cpp takes but we don't. Thrown through it, since its events can't fail.
struct Refused {
  YAML::Mark mark;
  std::string message;
};

std::string located(const YAML::Mark& mark, const std::string& message) {
  if (mark.is_null()) return message;
  return "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) +
         ": " + message;
}

std::string_view view(std::span<const char> text) { return {text.data(), text.size()}; }

/// Copies subtrees and keeps count, over the whole file.
class Expansion {
 public:
  /// Appends a copy of the `values[first]` and all inside it, under `key`.
  void copy(std::vector<JsonValue>& values, std::size_t first, std::string_view key,
            const YAML::Mark& mark) {
    const std::size_t size = values[first].size;
    count(size, kMaxAliasValues, "values", values_, mark);
    const std::size_t to = values.size();
    values.resize(to + size);
    for (std::size_t i = 0; i < size; ++i) {
      values[to + i] = values[first + i];
      count(values[to + i].text.size() + values[to + i].key.size(), kMaxAliasBytes, "bytes", bytes_,
            mark);
    }
    values[to].key = key;
  }

 private:
  static void count(std::size_t more, std::size_t most, const char* of, std::size_t& total,
                    const YAML::Mark& mark) {
    total += more;
    if (total > most) {
      throw Refused{mark, "the aliases add more than " + grouped(most) + " " + of + " to the file"};
    }
  }

  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

/// Takes yaml-cpp's events of one document.
class YamlBuilder : public YAML::EventHandler {
 public:
  YamlBuilder(YamlDocument& document, Expansion& expansion)
      : tree_(document.tree),
        values_(document.tree.values()),
        problems_(document.problems),
        expansion_(expansion) {}

  const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    scalar(mark, anchor, Kind::kNull, {});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    scalar(mark, anchor, kind_of(tag, value), view(tree_.keep(value)));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Kind::kArray);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Kind::kObject);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    check_keys();
    merge();
    close();
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Anchor& target = anchor_at(anchor);
    if (target.is_scalar) {
      scalar(mark, YAML::NullAnchor, target.scalar.kind, target.scalar.text);
      return;
    }
    if (values_[target.index].size == 0) throw Refused{mark, "an alias stands in its own anchor"};
    begin_value(mark);
    expansion_.copy(values_, target.index, take_key(), mark);
  }

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

  static Kind kind_of(const std::string& tag, const std::string& value) {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    if (tag == "?") return resolve_plain(value);
    if (!std::string_view(tag).starts_with(kCore)) return Kind::kString;
    const std::string_view name = std::string_view(tag).substr(kCore.size());
    const bool resolved = name == "int" || name == "float" || name == "bool" || name == "null";
    return resolved ? resolve_plain(value) : Kind::kString;
  }

  bool wants_key() const { return !open_.empty() && open_.back().is_map && !open_.back().has_key; }

  void begin_value(const YAML::Mark& mark) {
    if (wants_key()) throw Refused{mark, "a key must be a scalar"};
    if (!open_.empty()) ++open_.back().begun;
  }

  std::string_view take_key() {
    if (open_.empty() || !open_.back().is_map) return {};
    open_.back().has_key = false;
    return open_.back().key;
  }

  void scalar(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind, std::string_view text) {
    if (anchor != YAML::NullAnchor) anchor_at(anchor) = {true, {{}, text, 1, kind}, 0};
    if (wants_key()) {
      if (kind == Kind::kNull) throw Refused{mark, "a key is missing"};
      open_.back().key = text;
      open_.back().has_key = true;
      return;
    }
    begin_value(mark);
    values_.push_back({take_key(), text, 1, kind});
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind) {
    begin_value(mark);
    if (open_.size() == kMaxYamlNesting) {
      throw Refused{mark, "nested deeper than " + grouped(kMaxYamlNesting) +
                              " levels: more than a graph of 200 nodes' depth needs"};
    }
    if (anchor != YAML::NullAnchor) anchor_at(anchor) = {false, {}, values_.size()};
    const std::string_view key = take_key();
    open_.push_back({values_.size(), kind == Kind::kObject, false, {}, 0, mark});
    values_.push_back({key, {}, 0, kind});
  }

  void close() {
    const std::size_t index = open_.back().index;
    values_[index].size = static_cast<std::uint32_t>(values_.size() - index);
    open_.pop_back();
  }

  Anchor& anchor_at(YAML::anchor_t anchor) {
    if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
    return anchors_[anchor];
  }

  /// Calls `see` for every member of the map that is about to end.
  template <typename See>
  void each_member(See see) {
    const std::size_t end = values_.size();
    for (std::size_t i = open_.back().index + 1; i < end; i += values_[i].size) see(i);
  }

  void check_keys() {
    // Most maps have a few keys; comparing them all beats a set.
    constexpr std::size_t kFew = 8;
    const std::size_t count = open_.back().begun;
    std::vector<std::string_view> few;
    std::unordered_set<std::string_view> many;
    each_member([&](std::size_t i) {
      const std::string_view key = values_[i].key;
      bool is_new;
      if (count <= kFew) {
        is_new = std::ranges::find(few, key) == few.end();
        few.push_back(key);
      } else {
        is_new = many.insert(key).second;
      }
      if (!is_new && problems_.size() < Problems::kMost)
        problems_.push_back({member_path(path(), key), "the key is given twice"});
    });
  }

  /// Expands the merge key of the map that is about to end: what it lists is added where the map
  /// has no such key itself, the earlier map of a list before the later.
  void merge() {
    std::size_t merged = 0;
    each_member([&](std::size_t i) {
      if (values_[i].key == "<<") merged = i;
    });
    if (merged == 0) return;
    std::unordered_set<std::string_view> present;
    each_member([&](std::size_t i) { present.insert(values_[i].key); });
    if (values_[merged].kind == Kind::kObject) {
      add_members(merged, present);
    } else if (values_[merged].kind == Kind::kArray) {
      const std::size_t end = merged + values_[merged].size;
      for (std::size_t i = merged + 1; i < end; i += values_[i].size) add_members(i, present);
    } else {
      refuse_merge();
    }
    values_[merged].key = {};
  }

  void add_members(std::size_t from, std::unordered_set<std::string_view>& present) {
    if (values_[from].kind != Kind::kObject) refuse_merge();
    const std::size_t end = from + values_[from].size;
    for (std::size_t i = from + 1; i < end; i += values_[i].size) {
      const std::string_view key = values_[i].key;
      if (key.data() == nullptr || !present.insert(key).second) continue;
      expansion_.copy(values_, i, key, open_.back().mark);
    }
  }

  [[noreturn]] void refuse_merge() const {
    throw Refused{open_.back().mark, "\"<<\" must be a map or a list of maps"};
  }

  /// Of the innermost open container.
  std::string path() const {
    std::string made;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      made = open_[i].is_map ? member_path(made, open_[i].key)
                             : element_path(made, open_[i].begun - 1);
    }
    return made;
  }

  JsonTree& tree_;
  std::vector<JsonValue>& values_;
  std::vector<Problem>& problems_;
  Expansion& expansion_;
  std::vector<Open> open_;
  std::vector<Anchor> anchors_;
  YAML::Mark start_;
};

}  // namespace

protocol::Result<std::vector<YamlDocument>> parse_yaml(std::string_view text) {
  constexpr std::size_t kMaxDocuments = 1000;
  std::vector<YamlDocument> documents;
  Expansion expansion;
  std::string message;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    int last_start = -1;
    for (std::size_t read = 0;; ++read) {
      YamlDocument document;
      YamlBuilder builder(document, expansion);
      if (!parser.HandleNextDocument(builder)) return documents;
      // yaml-cpp leaves a token that begins no value where it is, and would find it again for ever.
      if (builder.start().pos == last_start) throw Refused{builder.start(), "this begins no value"};
      last_start = builder.start().pos;
      if (read == kMaxDocuments) {
        throw Refused{builder.start(), "more than " + grouped(kMaxDocuments) + " documents"};
      }
      if (document.tree.empty() || document.tree.root().kind == Kind::kNull) continue;
      documents.push_back(std::move(document));
    }
  } catch (const Refused& refused) {
    message = located(refused.mark, refused.message);
  } catch (const YAML::Exception& thrown) {
    message = located(thrown.mark, thrown.msg);
  } catch (const std::exception& thrown) {
    message = thrown.what();
  }
  return protocol::Status(protocol::Code::kInvalidArgument, std::move(message));
}

}  // namespace infergraph::graph
