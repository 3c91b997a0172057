#pragma once

#include <vector>

namespace infergraph::engine {

/// Descriptors kept for the moment in which there are no others: one given up lets one connection
/// be accepted, so that its caller gets an answer instead of a silence.
///
/// Threads: one.
class SpareDescriptors {
 public:
  explicit SpareDescriptors(int count) : count_(count) { refill(); }
  ~SpareDescriptors();
  SpareDescriptors(const SpareDescriptors&) = delete;
  SpareDescriptors& operator=(const SpareDescriptors&) = delete;

  /// Takes back what had been given up, as far as there are descriptors again.
  void refill();
  /// False when there is none left.
  bool give_up_one();
  bool full() const { return left() == count_; }
  int left() const { return static_cast<int>(held_.size()); }

 private:
  int count_;
  std::vector<int> held_;
};

}  // namespace infergraph::engine
