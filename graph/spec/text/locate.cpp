#include "graph/spec/text/locate.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>

#include "base/ascii.hpp"
#include "base/utf8.hpp"

namespace infergraph::graph {

namespace {

/// One step of a path: .key, ["key"] as quoted() writes it, or [index].
struct Step {
  std::string_view key;
  bool is_quoted = false;
  bool is_index = false;
  std::size_t index = 0;
};

/// Takes the next step off a path, whose leading dot is gone.
Step take_step(std::string_view& path) {
  Step step;
  std::size_t end;
  if (path.starts_with("[\"")) {
    end = 2;
    while (end < path.size() && path[end] != '"') end += path[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, path.size());
    step.key = path.substr(1, end - 1);
    step.is_quoted = true;
    end = std::min(end + 1, path.size());
  } else if (path.starts_with('[')) {
    end = std::min(path.find(']'), path.size());
    (void)std::from_chars(path.data() + 1, path.data() + end, step.index);
    step.is_index = true;
    end = std::min(end + 1, path.size());
  } else {
    end = std::min(path.find_first_of(".["), path.size());
    step.key = path.substr(0, end);
  }
  path.remove_prefix(end);
  if (path.starts_with('.')) path.remove_prefix(1);
  return step;
}

/// Whether quoted(key) is `text`, which mostly shows at once.
bool is_quoted_as(std::string_view key, std::string_view text) {
  constexpr std::size_t kCertainlyWhole = 60;  // a longer one may be cut
  if (key.size() < kCertainlyWhole) {
    if (text.size() <= key.size() + 2) {
      return text.size() == key.size() + 2 && text.substr(1, key.size()) == key;
    }
    if (text.find('\\') == text.npos) return false;
  }
  return quoted(key) == text;
}

/// Finds places in a tree, as long as that takes no more steps than a small file has.
class Locator {
 public:
  explicit Locator(const JsonTree& tree) : tree_(tree) {}

  /// Null once the steps are used up.
  const JsonValue* nearest(std::string_view path) {
    const JsonValue* at = &tree_.root();
    while (!path.empty()) {
      const JsonValue* const next = child(*at, take_step(path));
      if (steps_ == kMostSteps) return nullptr;
      if (next == nullptr) break;
      at = next;
    }
    return at;
  }

 private:
  const JsonValue* child(const JsonValue& parent, const Step& step) {
    if (step.is_index != parent.is_array()) return nullptr;
    const JsonValue* found = nullptr;
    const JsonValue* folded = nullptr;
    std::size_t index = 0;
    for (const JsonValue& each : parent.children()) {
      if (steps_ == kMostSteps) return nullptr;
      ++steps_;
      if (step.is_index) {
        if (index++ == step.index) return &each;
        continue;
      }
      if (each.key.data() == nullptr) continue;
      if (step.is_quoted ? is_quoted_as(each.key, step.key) : each.key == step.key) found = &each;
      if (!step.is_quoted && same_name(each.key, step.key)) folded = &each;
    }
    return found != nullptr ? found : folded;
  }

  static constexpr std::size_t kMostSteps = 3'000'000;

  const JsonTree& tree_;
  std::size_t steps_ = 0;
};

// Around the column, at most so many bytes.
std::string cut(std::string_view line, std::size_t column) {
  constexpr std::size_t kMost = 120;
  constexpr std::size_t kBefore = 60;
  const auto continues = [&](std::size_t at) {
    return at < line.size() && continues_character(line[at]);
  };
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.size() <= kMost) return std::string(line);
  // The column counts characters, of which there are no more than bytes.
  std::size_t begin = column > kBefore ? column - kBefore : 0;
  if (begin > line.size() - kMost) begin = line.size() - kMost;
  while (continues(begin)) ++begin;
  std::size_t end = std::min(begin + kMost, line.size());
  while (continues(end)) ++end;
  return (begin > 0 ? "…" : "") + std::string(line.substr(begin, end - begin)) +
         (end < line.size() ? "…" : "");
}

}  // namespace

void locate(const JsonTree& tree, std::string_view prefix, std::span<Problem> problems) {
  if (tree.empty()) return;
  Locator locator(tree);
  for (Problem& problem : problems) {
    std::string_view path = problem.path;
    if (problem.line != 0 || path.empty() || !path.starts_with(prefix)) continue;
    if (path.starts_with(kPodPath)) continue;
    path.remove_prefix(prefix.size());
    if (path.starts_with('.')) path.remove_prefix(1);
    const JsonValue* const value = locator.nearest(path);
    if (value == nullptr) continue;  // a wrong line would be worse than none
    problem.line = value->line;
    problem.column = value->column;
  }
}

void quote_source(std::string_view text, std::span<Problem> problems) {
  std::vector<Problem*> in_order;
  for (Problem& problem : problems) {
    if (problem.line != 0) in_order.push_back(&problem);
  }
  std::ranges::sort(in_order, {}, &Problem::line);
  std::size_t line = 1;
  for (Problem* const problem : in_order) {
    for (; line < problem->line && !text.empty(); ++line) {
      text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    }
    problem->source = cut(text.substr(0, text.find('\n')), problem->column);
  }
}

}  // namespace infergraph::graph
