#include "engine/net/under_way.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace infergraph::engine {
namespace {

// Longer paths, and more of them than a log line holds, tell nobody more.
constexpr std::size_t kLongest = 200;
constexpr std::size_t kMostListed = 5;

}  // namespace

void UnderWay::add(std::string_view what, int count) {
  counts_[std::string(what.substr(0, kLongest))] += count;
  total_ += count;
}

std::string UnderWay::text() const {
  std::vector<std::pair<std::string_view, int>> list(counts_.begin(), counts_.end());
  std::stable_sort(list.begin(), list.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (std::size_t i = 0; i < list.size() && i < kMostListed; ++i) {
    if (i > 0) text += ", ";
    text.append(list[i].first).append(": ").append(std::to_string(list[i].second));
  }
  if (list.size() > kMostListed) text += ", …";
  return text;
}

}  // namespace infergraph::engine
