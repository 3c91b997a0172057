#include "base/gate.hpp"

namespace infergraph {

// Under the lock, so that nothing here is touched any more once the waiting one has gone on.
void Gate::leave_watched() noexcept {
  const std::lock_guard lock(mutex_);
  const std::uint64_t before = state_.fetch_sub(kOne, std::memory_order_release);
  if (before / kOne == 1) empty_.notify_all();
}

bool Gate::wait_until(Clock::time_point limit) {
  std::unique_lock lock(mutex_);
  state_.fetch_or(kWatched, std::memory_order_relaxed);
  return empty_.wait_until(lock, limit, [this] { return in_flight() == 0; });
}

void Gate::wait() {
  std::unique_lock lock(mutex_);
  state_.fetch_or(kWatched, std::memory_order_relaxed);
  empty_.wait(lock, [this] { return in_flight() == 0; });
}

}  // namespace infergraph
