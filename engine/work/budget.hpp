#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

namespace infergraph::engine {

/// What all messages in work may hold together; `flag`, a literal, is how to set it. Threads: any.
class WorkBudget {
 public:
  explicit WorkBudget(std::size_t limit, std::string_view flag = {}) : limit_(limit), flag_(flag) {}
  WorkBudget(const WorkBudget&) = delete;
  WorkBudget& operator=(const WorkBudget&) = delete;

  /// False, with nothing taken, when that would be more than the limit.
  bool take(std::size_t bytes) {
    std::size_t taken = taken_.load(std::memory_order_relaxed);
    do {
      if (taken > limit_ || bytes > limit_ - taken) return false;
    } while (!taken_.compare_exchange_weak(taken, taken + bytes, std::memory_order_relaxed));
    return true;
  }
  void give(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }
  std::size_t limit() const { return limit_; }
  std::string_view flag() const { return flag_; }

 private:
  const std::size_t limit_;
  const std::string_view flag_;
  std::atomic<std::size_t> taken_{0};
};

/// A part of the budget, given back when it ends. Owns a share of the budget, since a message may
/// outlive who made it. Threads: one at a time.
class WorkCharge {
 public:
  explicit WorkCharge(std::shared_ptr<WorkBudget> budget) : budget_(std::move(budget)) {}
  WorkCharge(WorkCharge&& other) noexcept
      : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  WorkCharge(const WorkCharge&) = delete;
  WorkCharge& operator=(const WorkCharge&) = delete;
  WorkCharge& operator=(WorkCharge&&) = delete;
  ~WorkCharge() { shrink(0); }

  bool grow(std::size_t bytes) {
    if (!budget_->take(bytes)) return false;
    bytes_ += bytes;
    return true;
  }
  /// Gives back what is over `bytes`.
  void shrink(std::size_t bytes) {
    if (bytes >= bytes_) return;
    budget_->give(bytes_ - bytes);
    bytes_ = bytes;
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<WorkBudget> budget_;
  std::size_t bytes_ = 0;
};

}  // namespace infergraph::engine
