#include "protocol/json/json.hpp"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <limits>

#include "protocol/work.hpp"

namespace infergraph::protocol::json {

namespace {

// RapidJSON's in-situ mode decodes strings over their own text. This stream drops what is written,
// so that the text stays as it is and the handler sees it undecoded, in place and uncopied.
class TextStream {
 public:
  using Ch = char;

  explicit TextStream(std::string_view text)
      : begin_(text.data()), end_(text.data() + text.size()), at_(begin_) {}

  // NOLINTBEGIN(readability-identifier-naming): the stream concept's names
  Ch Peek() const { return at_ == end_ ? '\0' : *at_; }
  Ch Take() { return at_ == end_ ? '\0' : *at_++; }
  std::size_t Tell() const { return static_cast<std::size_t>(at_ - begin_); }
  Ch* PutBegin() { return const_cast<char*>(at_); }
  void Put(Ch) {}
  void Flush() {}
  std::size_t PutEnd(const Ch* head) { return static_cast<std::size_t>(at_ - head); }
  // NOLINTEND(readability-identifier-naming)

 private:
  const char* begin_;
  const char* end_;
  const char* at_;
};

}  // namespace

/// RapidJSON's handler: keeps the path, and tells the visitor what it wants to know.
class PathKeeper {
 public:
  PathKeeper(std::string_view text, const TextStream& stream, Visitor& visitor)
      : text_(text), stream_(stream), visitor_(visitor) {}

  bool too_deep() const { return too_deep_; }

  bool Null() { return scalar(Kind::kNull, 4); }
  bool Bool(bool value) { return scalar(Kind::kBool, value ? 4 : 5); }
  bool RawNumber(const char*, rapidjson::SizeType length, bool) {
    return scalar(Kind::kNumber, length);
  }
  bool String(const char*, rapidjson::SizeType length, bool) {
    return scalar(Kind::kString, std::size_t{length} + 2);
  }
  bool StartObject() { return begin(Kind::kObject); }
  bool Key(const char* name, rapidjson::SizeType length, bool) {
    if (skipping_ == 0) path_.steps_.back().key = std::string_view(name, length);
    return true;
  }
  bool EndObject(rapidjson::SizeType) { return end(Kind::kObject); }
  bool StartArray() { return begin(Kind::kArray); }
  bool EndArray(rapidjson::SizeType) { return end(Kind::kArray); }

  // Numbers come as text, so these are never called.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  void count_element() {
    if (path_.steps_.empty()) return;
    Path::Step& step = path_.steps_.back();
    if (step.array) step.index = step.length++;
  }

  // The stream stands behind a scalar, but before a container's bracket.
  bool scalar(Kind kind, std::size_t length) {
    if (!pauses_.may_pass(stream_.Tell())) return false;
    if (skipping_ > 0) return true;
    count_element();
    visitor_.value(path_, kind, text_.substr(stream_.Tell() - length, length));
    return true;
  }

  bool begin(Kind kind) {
    if (!pauses_.may_pass(stream_.Tell())) return false;
    if (path_.steps_.size() + skipping_ >= kMaxDepth) {
      too_deep_ = true;
      return false;
    }
    if (skipping_ > 0) {
      ++skipping_;
      return true;
    }
    count_element();
    if (visitor_.enter(path_, kind)) {
      path_.steps_.push_back({.begin = stream_.Tell(), .array = kind == Kind::kArray});
    } else {
      skipping_ = 1;
      skipped_from_ = stream_.Tell();
    }
    return true;
  }

  bool end(Kind kind) {
    std::size_t from = skipped_from_;
    if (skipping_ > 0) {
      if (--skipping_ > 0) return true;
    } else {
      from = path_.steps_.back().begin;
      path_.steps_.pop_back();
    }
    visitor_.value(path_, kind, text_.substr(from, stream_.Tell() + 1 - from));
    return true;
  }

  std::string_view text_;
  const TextStream& stream_;
  Visitor& visitor_;
  Path path_;
  std::size_t skipping_ = 0;  // open containers, from the one that was not entered on
  std::size_t skipped_from_ = 0;
  bool too_deep_ = false;
  Pauses pauses_;
};

std::optional<std::string> visit(std::string_view text, Visitor& visitor) {
  if (text.size() >= std::numeric_limits<rapidjson::SizeType>::max()) {
    return "JSON of 4 GiB and more is not read";
  }
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseNanAndInfFlag;
  TextStream stream(text);
  PathKeeper keeper(text, stream, visitor);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, keeper);
  if (keeper.too_deep()) {
    return "JSON nested deeper than " + std::to_string(kMaxDepth) + " levels";
  }
  if (result.Code() == rapidjson::kParseErrorTermination) return stopped().message();
  if (result.IsError()) {
    return "malformed JSON at byte " + std::to_string(result.Offset()) + ": " +
           rapidjson::GetParseError_En(result.Code());
  }
  // RapidJSON takes a zero byte for the end.
  if (stream.Tell() != text.size()) {
    return "malformed JSON at byte " + std::to_string(stream.Tell()) + ": unexpected zero byte";
  }
  return std::nullopt;
}

std::optional<std::string> check(std::string_view text) {
  class Blind final : public Visitor {
   public:
    bool enter(const Path&, Kind) override { return false; }
    void value(const Path&, Kind, std::string_view) override {}
  };
  Blind blind;
  return visit(text, blind);
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "a boolean";
    case Kind::kNumber:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kObject:
      return "an object";
    case Kind::kArray:
      return "an array";
  }
  return "something else";
}

bool Path::is(std::size_t level, std::string_view name) const {
  if (level >= steps_.size() || steps_[level].array) return false;
  const std::string_view key = steps_[level].key;
  if (key == name) return true;
  // An escape takes at most six characters. A longer key may be as long as its sender likes.
  if (key.size() < name.size() || key.size() > 6 * name.size()) return false;
  return key.find('\\') != std::string_view::npos && unescaped(key) == name;
}

bool Path::is(std::initializer_list<std::string_view> names) const {
  if (names.size() != steps_.size()) return false;
  std::size_t level = 0;
  return std::all_of(names.begin(), names.end(),
                     [&](std::string_view name) { return is(level++, name); });
}

std::string Path::key(std::size_t level) const { return unescaped(steps_[level].key); }

std::optional<std::size_t> Path::index(std::size_t level) const {
  if (!steps_[level].array) return std::nullopt;
  return steps_[level].index;
}

std::string Path::text() const {
  std::string text;
  for (const Step& step : steps_) {
    if (step.array) {
      text += '[' + std::to_string(step.index) + ']';
    } else {
      if (!text.empty()) text += '.';
      text += unescaped(step.key);
    }
  }
  return text;
}

}  // namespace infergraph::protocol::json
