#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "graph/spec_reader.hpp"

namespace infergraph::graph {

/// `path` with a member's key behind it: "spec.graph", or spec.annotations["seldon.io/x"] for a key
/// that isn't a plain word.
std::string member_path(std::string_view path, std::string_view key);

/// `path` with an index behind it: "predictors[0]".
std::string element_path(std::string_view path, std::size_t index);

/// Text from a file as a message shows it: in quotes, escaped, and cut when it is long.
std::string quoted(std::string_view text);

/// 10000 as "10,000".
std::string grouped(std::size_t number);

/// Where a value stands: a chain of steps on the stack, which becomes text only for a problem.
/// Borrows: its parent and its key.
class Place {
 public:
  /// The start, with its whole path.
  explicit Place(std::string_view path) : key_(path) {}
  Place(const Place& parent, std::string_view key) : parent_(&parent), key_(key) {}
  Place(const Place& parent, std::size_t index) : parent_(&parent), index_(index) {}

  std::string text() const;

 private:
  const Place* parent_ = nullptr;
  std::string_view key_;
  std::optional<std::size_t> index_;
};

/// What is wrong with one file, in the order in which it was found.
///
/// A path is reported once: the first finding stands, since the later ones follow from it. A file
/// can't make more than kMost of them; the rest is counted.
class Problems {
 public:
  static constexpr std::size_t kMost = 1000;

  void add(std::string path, std::string message);
  void add(const Place& place, std::string message);

  /// Whether there is one at `path` or inside it.
  bool any_in(std::string_view path) const;
  bool empty() const { return found_.empty(); }

  /// All of them; leaves none.
  std::vector<Problem> take();

 private:
  std::vector<Problem> found_;
  std::set<std::string, std::less<>> paths_;
  std::size_t left_out_ = 0;
};

}  // namespace infergraph::graph
