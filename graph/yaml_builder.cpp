#include "graph/yaml_builder.hpp"

#include <algorithm>
#include <cstdint>

#include "graph/problems.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

void count(std::size_t more, std::size_t most, const char* of, std::size_t& total,
           const YAML::Mark& mark) {
  total += more;
  if (total > most) {
    throw Refused{mark, "the aliases add more than " + grouped(most) + " " + of + " to the file"};
  }
}

Kind kind_of(const std::string& tag, const std::string& value) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "?") return resolve_plain(value);
  if (!std::string_view(tag).starts_with(kCore)) return Kind::kString;
  const std::string_view name = std::string_view(tag).substr(kCore.size());
  const bool resolved = name == "int" || name == "float" || name == "bool" || name == "null";
  return resolved ? resolve_plain(value) : Kind::kString;
}

}  // namespace

void Expansion::copy(std::vector<JsonValue>& values, std::size_t first, std::string_view key,
                     const YAML::Mark& mark) {
  const std::size_t size = values[first].size;
  count(size, kMaxAliasValues, "values", values_, mark);
  const std::size_t to = values.size();
  values.resize(to + size);
  for (std::size_t i = 0; i < size; ++i) {
    values[to + i] = values[first + i];
    const std::size_t bytes = values[to + i].text.size() + values[to + i].key.size();
    count(bytes, kMaxAliasBytes, "bytes", bytes_, mark);
  }
  values[to].key = key;
}

void Expansion::count_scalar(std::string_view text, const YAML::Mark& mark) {
  count(1, kMaxAliasValues, "values", values_, mark);
  count(text.size(), kMaxAliasBytes, "bytes", bytes_, mark);
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  scalar(mark, anchor, Kind::kNull, {});
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  const std::span<const char> text = tree_.keep(value);
  scalar(mark, anchor, kind_of(tag, value), {text.data(), text.size()});
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value) {
  open(mark, anchor, Kind::kArray);
}

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value) {
  open(mark, anchor, Kind::kObject);
}

void YamlBuilder::OnMapEnd() {
  check_keys();
  merge();
  close();
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Anchor& target = anchor_at(anchor);
  if (target.is_scalar) {
    expansion_.count_scalar(target.scalar.text, mark);
    scalar(mark, YAML::NullAnchor, target.scalar.kind, target.scalar.text);
    return;
  }
  if (values_[target.index].size == 0) throw Refused{mark, "an alias stands in its own anchor"};
  begin_value(mark);
  expansion_.copy(values_, target.index, take_key(), mark);
}

void YamlBuilder::begin_value(const YAML::Mark& mark) {
  if (wants_key()) throw Refused{mark, "a key must be a scalar"};
  if (!open_.empty()) ++open_.back().begun;
}

std::string_view YamlBuilder::take_key() {
  if (open_.empty() || !open_.back().is_map) return {};
  open_.back().has_key = false;
  return open_.back().key;
}

void YamlBuilder::scalar(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind,
                         std::string_view text) {
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

void YamlBuilder::open(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind) {
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

void YamlBuilder::close() {
  const std::size_t index = open_.back().index;
  values_[index].size = static_cast<std::uint32_t>(values_.size() - index);
  open_.pop_back();
}

YamlBuilder::Anchor& YamlBuilder::anchor_at(YAML::anchor_t anchor) {
  if (anchors_.size() <= anchor) anchors_.resize(anchor + 1);
  return anchors_[anchor];
}

template <typename See>
void YamlBuilder::each_member(See see) {
  const std::size_t end = values_.size();
  for (std::size_t i = open_.back().index + 1; i < end; i += values_[i].size) see(i);
}

void YamlBuilder::check_keys() {
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
    if (!is_new && problems_.size() < Problems::kMost) {
      problems_.push_back({member_path(path(), key), "the key is given twice"});
    }
  });
}

// What a merge key lists is added where the map has no such key itself, the earlier map of a list
// before the later.
void YamlBuilder::merge() {
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

void YamlBuilder::add_members(std::size_t from, std::unordered_set<std::string_view>& present) {
  if (values_[from].kind != Kind::kObject) refuse_merge();
  const std::size_t end = from + values_[from].size;
  for (std::size_t i = from + 1; i < end; i += values_[i].size) {
    const std::string_view key = values_[i].key;
    if (key.data() == nullptr || !present.insert(key).second) continue;
    expansion_.copy(values_, i, key, open_.back().mark);
  }
}

void YamlBuilder::refuse_merge() const {
  throw Refused{open_.back().mark, "\"<<\" must be a map or a list of maps"};
}

std::string YamlBuilder::path() const {
  std::string made;
  for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
    made =
        open_[i].is_map ? member_path(made, open_[i].key) : element_path(made, open_[i].begun - 1);
  }
  return made;
}

}  // namespace infergraph::graph
