#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

namespace infergraph::engine {

/// Lets so many through in a second, and counts the others.
/// Threads: any.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RateLimit(int per_second) : per_second_(per_second) {}

  /// Nothing: hold this one back. Else it may go, and so many were held back since the last one.
  std::optional<int> admit(Clock::time_point now = Clock::now()) {
    const std::lock_guard lock(mutex_);
    if (admitted_ == 0 || now - began_ >= std::chrono::seconds(1)) {
      began_ = now;
      admitted_ = 0;
    }
    if (admitted_ == per_second_) {
      ++held_back_;
      return std::nullopt;
    }
    ++admitted_;
    return std::exchange(held_back_, 0);
  }

 private:
  const int per_second_;
  std::mutex mutex_;  // guards what follows
  Clock::time_point began_;
  int admitted_ = 0;  // in the second that began then
  int held_back_ = 0;
};

}  // namespace infergraph::engine
