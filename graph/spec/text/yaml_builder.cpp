#include "graph/spec/text/yaml_builder.hpp"

#include <algorithm>
#include <cstdint>

#include "base/utf8.hpp"
#include "graph/spec/text/problems.hpp"
#include "graph/spec/text/yaml_scalar.hpp"

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

// Known by where it lies: a quoted "<<" is a key like any other.
constexpr std::string_view kMergeKey = "<<";
bool is_merge_key(std::string_view key) { return key.data() == kMergeKey.data(); }

Kind kind_of(const std::string& tag, const std::string& value) {
  constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag == "?") return resolve_plain(value);
  if (!std::string_view(tag).starts_with(kCore)) return Kind::kString;
  const std::string_view name = std::string_view(tag).substr(kCore.size());
  const bool resolved = name == "int" || name == "float" || name == "bool" || name == "null";
  return resolved ? resolve_plain(value) : Kind::kString;
}

}  // namespace

Columns::Columns(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (continues_character(text[i])) continued_.push_back(static_cast<std::uint32_t>(i));
  }
}

std::size_t Columns::of(const YAML::Mark& mark) const {
  const auto offset = static_cast<std::uint32_t>(mark.pos);
  const auto column = static_cast<std::uint32_t>(mark.column);
  const auto end = std::ranges::lower_bound(continued_, offset);
  const auto begin = std::ranges::lower_bound(continued_, offset - std::min(column, offset));
  return column - static_cast<std::size_t>(end - begin) + 1;
}

void Expansion::copy(std::vector<JsonValue>& values, std::size_t first, const YAML::Mark& mark) {
  const std::size_t size = values[first].size;
  count(size, kMaxAliasValues, "values", values_, mark);
  const std::size_t to = values.size();
  values.resize(to + size);
  for (std::size_t i = 0; i < size; ++i) {
    values[to + i] = values[first + i];
    const std::size_t bytes = values[to + i].text.size() + values[to + i].key.size();
    count(bytes, kMaxAliasBytes, "bytes", bytes_, mark);
  }
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
  if (tag == "?" && value == kMergeKey && wants_key()) {
    scalar(mark, anchor, Kind::kString, kMergeKey);
    return;
  }
  if (tag == "!") last_quoted_ = mark;
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
  tree_.note_repeated(open_.back().index, is_merge_key);  // of which each is merged
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
  const std::size_t index = values_.size();
  expansion_.copy(values_, target.index, mark);
  take_key(index, mark);
}

void YamlBuilder::begin_value(const YAML::Mark& mark) {
  if (wants_key()) throw Refused{mark, "a key must be a scalar"};
  if (values_.size() >= kMaxValues) {
    throw Refused{mark, "more than " + grouped(kMaxValues) + " values"};
  }
}

void YamlBuilder::append(const YAML::Mark& mark, Kind kind, std::string_view text) {
  values_.push_back({{}, text, 1, kind});
  take_key(values_.size() - 1, mark);
}

void YamlBuilder::take_key(std::size_t index, const YAML::Mark& mark) {
  JsonValue& value = values_[index];
  const bool is_member = !open_.empty() && open_.back().is_map;
  const YAML::Mark& place = is_member ? open_.back().key_mark : mark;
  value.line = static_cast<std::uint32_t>(place.line + 1);
  value.column = static_cast<std::uint32_t>(columns_.of(place));
  value.key = {};
  if (!is_member) return;
  value.key = open_.back().key;
  open_.back().has_key = false;
}

void YamlBuilder::scalar(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind,
                         std::string_view text) {
  if (anchor != YAML::NullAnchor) anchor_at(anchor) = {true, {{}, text, 1, kind}, 0};
  if (wants_key()) {
    if (kind == Kind::kNull) throw Refused{mark, "a key is missing"};
    // In JSON, which is what Kubernetes makes of it, every key is text.
    const auto words = text_of_scalar(kind, text);
    if (!words) throw Refused{mark, quoted(text) + " can't be a key: put it in quotes"};
    open_.back().key = text;
    if (*words != text) {
      const std::span<const char> kept = tree_.keep(*words);
      open_.back().key = {kept.data(), kept.size()};
    }
    open_.back().key_mark = mark;
    open_.back().has_key = true;
    return;
  }
  begin_value(mark);
  append(mark, kind, text);
}

void YamlBuilder::open(const YAML::Mark& mark, YAML::anchor_t anchor, Kind kind) {
  begin_value(mark);
  if (open_.size() == kMaxYamlNesting) {
    throw Refused{mark, "nested deeper than " + grouped(kMaxYamlNesting) +
                            " levels: more than a graph of 200 nodes' depth needs"};
  }
  if (anchor != YAML::NullAnchor) anchor_at(anchor) = {false, {}, values_.size()};
  append(mark, kind, {});
  values_.back().size = 0;
  open_.push_back({values_.size() - 1, kind == Kind::kObject, false, {}, {}, mark});
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

// What a merge key lists is added where the map has no such key behind it, the earlier map of a
// list before the later. A key that stands before it gives way, though YAML's own rule is another:
// that is how Kubernetes reads it.
void YamlBuilder::merge() {
  const std::size_t end = open_.back().end = values_.size();
  std::vector<std::size_t> merged;
  const auto each_member = [&](auto see) {
    for (std::size_t i = open_.back().index + 1; i < end; i += values_[i].size) see(i);
  };
  each_member([&](std::size_t i) {
    if (is_merge_key(values_[i].key)) merged.push_back(i);
  });
  if (merged.empty()) return;
  Winners winners;
  each_member([&](std::size_t i) { winners[values_[i].key] = i; });
  for (const std::size_t at : merged) {
    if (values_[at].kind == Kind::kArray) {
      // Backwards, since of two maps the earlier is right.
      std::vector<std::size_t> maps;
      const std::size_t end_of_list = at + values_[at].size;
      for (std::size_t i = at + 1; i < end_of_list; i += values_[i].size) maps.push_back(i);
      for (auto map = maps.rbegin(); map != maps.rend(); ++map) add_members(*map, at, winners);
    } else {
      add_members(at, at, winners);
    }
  }
  for (const std::size_t at : merged) values_[at].key = {};
}

void YamlBuilder::add_members(std::size_t from, std::size_t at, Winners& winners) {
  if (values_[from].kind != Kind::kObject) refuse_merge();
  const std::size_t end = from + values_[from].size;
  for (std::size_t i = from + 1; i < end; i += values_[i].size) {
    const std::string_view key = values_[i].key;
    if (key.data() == nullptr) continue;
    const auto [winner, is_new] = winners.try_emplace(key, values_.size());
    if (!is_new) {
      const bool stands_behind = winner->second > at && winner->second < open_.back().end;
      if (stands_behind) continue;
      values_[winner->second].key = {};
      winner->second = values_.size();
    }
    expansion_.copy(values_, i, open_.back().mark);
  }
}

void YamlBuilder::refuse_merge() const {
  throw Refused{open_.back().mark, "\"<<\" must be a map or a list of maps"};
}

}  // namespace infergraph::graph
