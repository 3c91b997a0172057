#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infergraph::protocol::json {

/// Deepest nesting that is read. Nothing here recurses; the limit keeps the memory for open
/// containers small against a body of nothing but brackets.
inline constexpr std::size_t kMaxDepth = 1000;

enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kObject, kArray };

/// "a number", "an object", …
std::string_view name_of(Kind kind);

/// Where a value stands in its text: one step for every container around it.
/// Borrows: the text that is read.
class Path {
 public:
  std::size_t depth() const { return steps_.size(); }

  /// True if step `level` leads to the member `name` of an object.
  bool is(std::size_t level, std::string_view name) const;

  /// True if this is exactly the path of those members.
  bool is(std::initializer_list<std::string_view> names) const;

  /// The member's name at step `level`, unescaped; empty in an array.
  std::string key(std::size_t level) const;

  /// The same as written, with its escapes. Borrows from the text.
  std::string_view written_key(std::size_t level) const { return steps_[level].key; }

  /// The element's index at step `level`; nothing in an object.
  std::optional<std::size_t> index(std::size_t level) const;

  /// "data.ndarray[1]"; "" for the whole text.
  std::string text() const;

 private:
  friend class PathKeeper;
  struct Step {
    std::string_view key;    // as written, between the quotes
    std::size_t begin = 0;   // offset of the container
    std::size_t index = 0;   // of the current element
    std::size_t length = 0;  // elements begun
    bool array = false;
  };
  std::vector<Step> steps_;
};

/// Sees the values of a text in order. What it is given borrows from that text.
class Visitor {
 public:
  virtual ~Visitor() = default;

  /// A container begins. False: what is in it is checked, but not shown.
  virtual bool enter(const Path& path, Kind kind) = 0;

  /// A scalar, or a container that has ended (entered or not), with its exact text.
  virtual void value(const Path& path, Kind kind, std::string_view text) = 0;
};

/// Reads one whole JSON text, without recursion and without copying. Takes the bare tokens NaN,
/// Inf, Infinity (Python writes them) and bytes that are not UTF-8; refuses numbers beyond a
/// double, and the half of a surrogate pair. Errors: what is wrong and at which byte; nothing when
/// the text is well-formed.
[[nodiscard]] std::optional<std::string> visit(std::string_view text, Visitor& visitor);

/// The same for whoever only asks whether a text is well-formed.
[[nodiscard]] std::optional<std::string> check(std::string_view text);

/// A number token as a double, correctly rounded; nothing if it is none or overflows.
std::optional<double> to_double(std::string_view token);

/// A number as proto3 JSON writes one: a token, or a string of one or of NaN, Infinity, -Infinity.
/// `text` is the exact text of a value.
std::optional<double> to_proto_double(std::string_view text);

/// `value` as an int, if it is one: 1.0 is, 1.5 and 1e10 are not.
std::optional<int> to_int(double value);

/// The string whose escaped form, without quotes, is `escaped`. A lone surrogate becomes U+FFFD.
std::string unescaped(std::string_view escaped);

/// What stands between the quotes of a string whose exact text is `text`.
inline std::string_view inside_quotes(std::string_view text) {
  return text.substr(1, text.size() - 2);
}

/// The string whose exact text is `text`.
inline std::string read_string(std::string_view text) { return unescaped(inside_quotes(text)); }

/// Appends `value` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD;
/// nothing is escaped that JSON doesn't ask for.
void append_string(std::string& out, std::string_view value);

/// Appends a finite value in the fewest digits that read back as the same double.
void append_double(std::string& out, double value);

/// The same for a float: 0.1F is 0.1.
void append_float(std::string& out, float value);

/// `text` for the message of an error: as it is, or at most its first `most` bytes and "…".
std::string excerpt(std::string_view text, std::size_t most = 64);

}  // namespace infergraph::protocol::json
