#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/json/json.hpp"

namespace infergraph::graph {

/// Deepest nesting of containers that is read from JSON: a node of a graph takes two (the node, its
/// `children`), and around and inside the graph there are a few more.
inline constexpr std::size_t kMaxJsonNesting = 2 * 1000 + 50;

/// The most values in one document: some hundred for each of the most nodes, so that a file of
/// nothing but brackets costs no more memory than one of text.
inline constexpr std::size_t kMaxValues = 4'000'000;

/// One value of a JsonTree. In the array the values inside a container follow it at once, so that a
/// value is handed around as a reference and needs no other handle.
struct JsonValue {
  std::string_view key;    ///< of a member; without data in an array, at the root, and once merged
  std::string_view text;   ///< of a scalar: a string unescaped, a number or boolean as written
  std::uint32_t size = 1;  ///< how many values, itself and all inside it; 0 while it is being read
  protocol::json::Kind kind = protocol::json::Kind::kNull;
  std::uint32_t line = 0;    ///< of its key, if it has one, else its own; from 1, 0 is unknown
  std::uint32_t column = 0;  ///< likewise, in characters

  bool is_object() const { return kind == protocol::json::Kind::kObject; }
  bool is_array() const { return kind == protocol::json::Kind::kArray; }

  class Children;
  /// The elements of an array, the members of an object, nothing of a scalar.
  Children children() const;

  /// The member of that name: the last one spelt exactly so, else the last whose letters differ in
  /// case only (as Go's encoding/json matches keys). Null counts as absent. Nothing of a scalar.
  const JsonValue* member(std::string_view name) const;
};

class JsonValue::Children {
 public:
  class Iterator {
   public:
    explicit Iterator(const JsonValue* at) : at_(at) {}
    const JsonValue& operator*() const { return *at_; }
    const JsonValue* operator->() const { return at_; }
    Iterator& operator++() {
      at_ += at_->size;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const JsonValue* at_;
  };

  explicit Children(const JsonValue& parent) : parent_(&parent) {}
  Iterator begin() const { return Iterator(parent_ + 1); }
  Iterator end() const { return Iterator(parent_ + parent_->size); }

 private:
  const JsonValue* parent_;
};

inline JsonValue::Children JsonValue::children() const { return Children(*this); }

/// A JSON document, from JSON or from YAML. Flat, so that reading, copying and destroying a deep
/// one takes no stack.
///
/// Owns: every text that its values show. Threads: may be read from any thread.
class JsonTree {
 public:
  JsonTree() : texts_(std::make_unique<std::pmr::monotonic_buffer_resource>()) {}

  /// Not to be called before a value was added.
  const JsonValue& root() const { return values_.front(); }
  bool empty() const { return values_.empty(); }

  /// For whoever builds the tree.
  std::vector<JsonValue>& values() { return values_; }
  const std::vector<JsonValue>& values() const { return values_; }
  /// A copy of `text` that lives as long as the tree; never without data, and ended by a zero.
  std::span<char> keep(std::string_view text);

  /// Members of one object with the same key: indices into values().
  struct Repeated {
    std::size_t first;
    std::size_t last;
  };
  /// At most so many are noted.
  static constexpr std::size_t kMostRepeated = 100;
  const std::vector<Repeated>& repeated() const { return repeated_; }
  /// For whoever builds the tree: looks for repeated keys in the object at `index`, whose members
  /// reach to the end of the values. Keys for which `may_be_repeated` says so are left out.
  void note_repeated(std::size_t index, bool (*may_be_repeated)(std::string_view key) = nullptr);

  /// Where the value at `index` stands: "spec.predictors[0].name".
  std::string path_of(std::size_t index) const;

 private:
  std::unique_ptr<std::pmr::monotonic_buffer_resource> texts_;
  std::vector<JsonValue> values_;
  std::vector<Repeated> repeated_;
};

/// What is wrong with the syntax of a text, and where.
struct SyntaxFault {
  std::string message;
  std::size_t line = 0;  ///< from 1; 0 is unknown
  std::size_t column = 0;
};

/// Nothing if `text` is UTF-8 without a zero byte (which no parser here takes), else what is wrong.
std::string_view why_not_text(std::string_view text);

/// Reads one JSON document. Nothing, with `fault` set, for what is none.
std::optional<JsonTree> parse_json(std::string_view text, SyntaxFault& fault);

}  // namespace infergraph::graph
