#pragma once

#include <map>
#include <string>
#include <string_view>

namespace infergraph::engine {

/// What is under way at one moment, by what it is: a path, a node's address. For a log line.
class UnderWay {
 public:
  void add(std::string_view what, int count = 1);
  int total() const { return total_; }
  /// "/predict: 12, /live: 1": the most frequent first, and of many only the first few.
  std::string text() const;

 private:
  std::map<std::string, int, std::less<>> counts_;
  int total_ = 0;
};

}  // namespace infergraph::engine
