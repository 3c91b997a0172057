#include "graph/json_tree.hpp"

#include <rapidjson/encodings.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "graph/problems.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

/// Takes RapidJSON's events. False stops the parser; that happens for depth alone.
class TreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, TreeBuilder> {
 public:
  explicit TreeBuilder(std::vector<JsonValue>& values) : values_(values) {}

  bool Null() { return scalar(Kind::kNull, {}); }
  bool Bool(bool value) { return scalar(Kind::kBool, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return scalar(Kind::kNumber, {text, length});
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    return scalar(Kind::kString, {text, length});
  }
  bool Key(const char* text, rapidjson::SizeType length, bool) {
    key_ = {text, length};
    return true;
  }
  bool StartObject() { return open(Kind::kObject); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool StartArray() { return open(Kind::kArray); }
  bool EndArray(rapidjson::SizeType) { return close(); }

 private:
  bool scalar(Kind kind, std::string_view text) {
    values_.push_back({std::exchange(key_, {}), text, 1, kind});
    return true;
  }
  bool open(Kind kind) {
    if (open_.size() == kMaxJsonNesting) return false;
    open_.push_back(values_.size());
    return scalar(kind, {});
  }
  bool close() {
    values_[open_.back()].size = static_cast<std::uint32_t>(values_.size() - open_.back());
    open_.pop_back();
    return true;
  }

  std::vector<JsonValue>& values_;
  std::vector<std::size_t> open_;
  std::string_view key_;
};

std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == before.npos ? offset + 1 : offset - newline;
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
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
    } else if (same_letters(child.key, name)) {
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

std::string_view why_not_text(std::string_view text) {
  if (text.find('\0') != text.npos) return "holds a zero byte: it is no text";
  struct Source {
    const char* at;
    const char* end;
    char Take() { return at == end ? '\0' : *at++; }
  } source{text.data(), text.data() + text.size()};
  struct Nowhere {
    void Put(char) {}
  } nowhere;
  while (source.at != source.end) {
    if (static_cast<unsigned char>(*source.at) < 0x80U) {
      ++source.at;
    } else if (!rapidjson::UTF8<>::Validate(source, nowhere)) {
      return "is not UTF-8";
    }
  }
  return {};
}

protocol::Result<JsonTree> parse_json(std::string_view text) {
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());

  JsonTree tree;
  TreeBuilder builder(tree.values());
  rapidjson::InsituStringStream stream(tree.keep(text).data());
  rapidjson::Reader reader;
  if (reader.Parse<kFlags>(stream, builder)) return tree;
  std::string message = line_and_column(text, reader.GetErrorOffset());
  if (reader.GetParseErrorCode() == rapidjson::kParseErrorTermination) {
    message += "nested deeper than " + grouped(kMaxJsonNesting) +
               " levels: more than a graph of 1,000 nodes' depth needs";
  } else {
    message += rapidjson::GetParseError_En(reader.GetParseErrorCode());
  }
  return protocol::Status(protocol::Code::kInvalidArgument, std::move(message));
}

}  // namespace infergraph::graph
