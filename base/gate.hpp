#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/clock.hpp"

namespace infergraph {

/// Counts what is in flight, so that an end can wait until nothing is. Whoever is to be counted
/// enters and leaves, which takes no lock and no system call until the gate is being watched; from
/// then on who leaves last wakes who waits.
///
/// Threads: any. May be destroyed as soon as a wait has told that nothing is in flight.
class Gate {
 public:
  void enter() noexcept { state_.fetch_add(kOne, std::memory_order_relaxed); }
  /// What who leaves did before has happened for who sees it gone.
  void leave() noexcept {
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    while ((state & kWatched) == 0) {
      if (state_.compare_exchange_weak(state, state - kOne, std::memory_order_release,
                                       std::memory_order_relaxed)) {
        return;
      }
    }
    leave_watched();
  }

  int in_flight() const noexcept {
    return static_cast<int>(state_.load(std::memory_order_acquire) / kOne);
  }

  /// Waits until nothing is in flight, `limit` at the longest; true if nothing is. It may be
  /// entered all the same, before and after.
  bool wait_until(Clock::time_point limit);
  /// However long that takes.
  void wait();

 private:
  static constexpr std::uint64_t kWatched = 1;
  static constexpr std::uint64_t kOne = 2;

  void leave_watched() noexcept;

  std::atomic<std::uint64_t> state_{0};  // how many, and whether somebody watches
  std::mutex mutex_;
  std::condition_variable empty_;
};

}  // namespace infergraph
