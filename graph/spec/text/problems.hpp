#pragma once

#include <concepts>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infergraph::graph {

/// One thing that is wrong with a graph file, or that its writer should know, and where.
struct Problem {
  std::string path;      ///< "spec.predictors[0].graph.children[1].type"; "" for the whole file
  std::string message;   ///< "\"MODLE\" is not one of MODEL, ROUTER, …", and the way out
  std::size_t line = 0;  ///< from 1; 0 where there are no lines
  std::size_t column = 0;
  std::string source;  ///< what stands there, cut when it is long
};

/// Where the pod's annotations stand, which are in no file.
inline constexpr std::string_view kPodPath = "podinfo";

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
  void add(Problem problem);
  /// The same with a message that is made only if somebody will read it: to find what was meant
  /// takes a look at every name that could be.
  template <std::invocable Make>
  void add(const Place& place, Make make) {
    if (is_full()) {
      ++left_out_;
      return;
    }
    std::string path = place.text();
    if (!paths_.contains(path)) add(std::move(path), std::string(make()));
  }

  /// Whether there is one at `path` or inside it.
  bool any_in(std::string_view path) const;
  bool empty() const { return found_.empty(); }
  /// Whether more are only counted: then they need no words.
  bool is_full() const { return found_.size() >= kMost; }

  /// All of them; leaves none.
  std::vector<Problem> take();

 private:
  std::vector<Problem> found_;
  std::set<std::string, std::less<>> paths_;
  std::size_t left_out_ = 0;
};

/// What is found while a file is read.
struct Findings {
  Problems problems;  ///< for which it can't be served
  Problems warnings;  ///< with which it is served, but not as its writer may think
  /// Read as Go's JSON decoder does, to which a number is never a text; else as Kubernetes reads
  /// YAML.
  bool is_json = false;
  /// Texts that stand for other scalars.
  std::deque<std::string> texts;
};

}  // namespace infergraph::graph
