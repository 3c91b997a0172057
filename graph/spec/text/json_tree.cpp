#include "graph/spec/text/json_tree.hpp"

#include <rapidjson/encodings.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "graph/spec/text/problems.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

/// Counts lines and characters up to places that come in order.
class Position {
 public:
  explicit Position(std::string_view text) : text_(text) {}

  void advance_to(std::size_t offset) {
    for (; at_ < offset && at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        column_ = 1;
      } else if (!continues_character(c)) {
        ++column_;
      }
    }
  }
  std::uint32_t line() const { return line_; }
  std::uint32_t column() const { return column_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
};

/// Takes RapidJSON's events. False stops the parser; that happens for depth and number alone.
class TreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TreeBuilder> {
 public:
  /// `text` as it was: the stream unescapes its own copy in place.
  TreeBuilder(JsonTree& tree, rapidjson::InsituStringStream& stream, std::string_view text)
      : tree_(tree), values_(tree.values()), stream_(stream), position_(text) {}

  bool Null() { return scalar(Kind::kNull, {}, stream_.Tell() - 4); }
  bool Bool(bool value) {
    const std::string_view text = value ? "true" : "false";
    return scalar(Kind::kBool, text, stream_.Tell() - text.size());
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return scalar(Kind::kNumber, {text, length}, stream_.Tell());  // which is at its start still
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return scalar(Kind::kString, {text, length}, offset_of_string(text));
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    key_ = {text, length};
    position_.advance_to(offset_of_string(text));
    return true;
  }
  bool StartObject() { return open(Kind::kObject); }
  bool EndObject(rapidjson::SizeType) {
    tree_.note_repeated(open_.back());
    return close();
  }
  bool StartArray() { return open(Kind::kArray); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  /// What was too much, when the parser was stopped.
  std::string_view excess() const { return excess_; }

 private:
  // A string is unescaped where it stands, from behind its quote on.
  std::size_t offset_of_string(const char* text) const {
    return static_cast<std::size_t>(text - stream_.head_) - 1;
  }
  bool scalar(Kind kind, std::string_view text, std::size_t offset) {
    if (values_.size() == kMaxValues) {
      excess_ = "values";
      return false;
    }
    if (key_.data() == nullptr) position_.advance_to(offset);
    values_.push_back(
        {std::exchange(key_, {}), text, 1, kind, position_.line(), position_.column()});
    return true;
  }
  bool open(Kind kind) {
    if (open_.size() == kMaxJsonNesting) {
      excess_ = "levels";
      return false;
    }
    open_.push_back(values_.size());
    return scalar(kind, {}, stream_.Tell());
  }
  bool close() {
    values_[open_.back()].size = static_cast<std::uint32_t>(values_.size() - open_.back());
    open_.pop_back();
    return true;
  }

  JsonTree& tree_;
  std::vector<JsonValue>& values_;
  rapidjson::InsituStringStream& stream_;
  Position position_;
  std::vector<std::size_t> open_;
  std::string_view key_;
  std::string_view excess_;
};

// RapidJSON's words are a parser's: what they mean to who wrote the file.
std::string message_of(rapidjson::ParseErrorCode code, std::string_view text, std::size_t offset) {
  const std::size_t before = text.substr(0, offset).find_last_not_of(" \t\r\n");
  const bool behind_comma = before != text.npos && text[before] == ',';
  const bool at_close = offset < text.size() && (text[offset] == '}' || text[offset] == ']');
  const std::string reason = rapidjson::GetParseError_En(code);
  if (behind_comma && at_close) {
    return std::string("a comma stands before \"") + text[offset] + "\": JSON has none there";
  }
  if (text.substr(std::min(offset, text.size())).starts_with("//") ||
      text.substr(std::min(offset, text.size())).starts_with("/*")) {
    return "JSON has no comments";
  }
  if (offset < text.size() && text[offset] == '\'') return "JSON has double quotes only: put \"";
  return reason.substr(0, reason.find_last_not_of('.') + 1);
}

}  // namespace

const JsonValue* JsonValue::member(std::string_view name) const {
  if (!is_object()) return nullptr;
  const JsonValue* exact = nullptr;
  const JsonValue* folded = nullptr;
  for (const JsonValue& child : children()) {
    if (child.key.size() != name.size() || child.key.data() == nullptr) continue;
    if (child.key == name) {
      exact = &child;
    } else if (same_name(child.key, name)) {  // as Go's encoding/json takes it
      folded = &child;
    }
  }
  const JsonValue* const found = exact != nullptr ? exact : folded;
  return found == nullptr || found->kind == Kind::kNull ? nullptr : found;
}

std::span<char> JsonTree::keep(std::string_view text) {
  char* const kept = static_cast<char*>(texts_->allocate(text.size() + 1, 1));
  std::ranges::copy(text, kept);
  kept[text.size()] = '\0';
  return {kept, text.size()};
}

void JsonTree::note_repeated(std::size_t index, bool (*may_be_repeated)(std::string_view key)) {
  // Most objects have a few keys; comparing them all beats a set.
  constexpr std::size_t kFew = 8;
  std::vector<std::size_t> few;
  std::unordered_map<std::string_view, std::size_t> many;
  for (std::size_t i = index + 1; i < values_.size(); i += values_[i].size) {
    const std::string_view key = values_[i].key;
    if (may_be_repeated != nullptr && may_be_repeated(key)) continue;
    std::size_t first = i;
    if (many.empty()) {
      const auto same =
          std::ranges::find_if(few, [&](std::size_t other) { return values_[other].key == key; });
      if (same == few.end()) {
        few.push_back(i);
      } else {
        first = *same;
      }
      if (few.size() > kFew) {
        for (const std::size_t other : few) many.emplace(values_[other].key, other);
      }
    } else {
      first = many.try_emplace(key, i).first->second;
    }
    if (first != i && repeated_.size() < kMostRepeated) repeated_.push_back({first, i});
  }
}

std::string JsonTree::path_of(std::size_t index) const {
  std::string path;
  for (std::size_t at = 0; at != index;) {
    std::size_t child = at + 1;
    std::size_t position = 0;
    for (; child + values_[child].size <= index; child += values_[child].size) ++position;
    path = values_[at].is_object() ? member_path(path, values_[child].key)
                                   : element_path(path, position);
    at = child;
  }
  return path;
}

std::string_view why_not_text(std::string_view text) {
  if (text.find('\0') != text.npos) return "holds a zero byte: it is no text";
  if (!is_utf8(text)) return "is not UTF-8";
  return {};
}

std::optional<JsonTree> parse_json(std::string_view text, SyntaxFault& fault) {
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());

  JsonTree tree;
  rapidjson::InsituStringStream stream(tree.keep(text).data());
  TreeBuilder builder(tree, stream, text);
  rapidjson::Reader reader;
  if (reader.Parse<kFlags>(stream, builder)) return tree;
  Position position(text);
  position.advance_to(reader.GetErrorOffset());
  fault.line = position.line();
  fault.column = position.column();
  if (reader.GetParseErrorCode() != rapidjson::kParseErrorTermination) {
    fault.message = message_of(reader.GetParseErrorCode(), text, reader.GetErrorOffset());
  } else if (builder.excess() == "levels") {
    fault.message = "nested deeper than " + grouped(kMaxJsonNesting) +
                    " levels: more than a graph of 1,000 nodes' depth needs";
  } else {
    fault.message = "more than " + grouped(kMaxValues) + " values";
  }
  return std::nullopt;
}

}  // namespace infergraph::graph
