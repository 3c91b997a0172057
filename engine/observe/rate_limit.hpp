#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace infergraph::engine {

/// Lets so many through in a second, and counts the others. Takes no lock: it stands on the path of
/// requests that fail, which may be all of them.
/// Threads: any.
class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RateLimit(std::uint32_t per_second) : per_second_(per_second) {}

  /// Nothing: hold this one back. Else it may go, and so many were held back since the last one.
  std::optional<int> admit(Clock::time_point now = Clock::now()) {
    const auto since =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    const auto time = static_cast<std::uint64_t>(since.count());
    std::uint64_t window = window_.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
      const std::uint64_t began = window >> kCountBits;
      const std::uint64_t admitted = window & kCountMask;
      if (admitted == 0 || time - began >= kSecond) {
        next = (time << kCountBits) | 1U;
      } else if (admitted < per_second_) {
        next = window + 1;
      } else {
        held_back_.fetch_add(1, std::memory_order_relaxed);
        return std::nullopt;
      }
    } while (!window_.compare_exchange_weak(window, next, std::memory_order_relaxed));
    return held_back_.exchange(0, std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned kCountBits = 20;
  static constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;
  static constexpr std::uint64_t kSecond = 1000;

  const std::uint32_t per_second_;  // less than kCountMask
  // When the second began, in milliseconds, and behind it how many were admitted in it.
  std::atomic<std::uint64_t> window_{0};
  std::atomic<int> held_back_{0};
};

}  // namespace infergraph::engine
