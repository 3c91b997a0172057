#pragma once

#include <chrono>

#include "graph/call_context.hpp"
#include "metrics/cells.hpp"

namespace infergraph::graph {

/// Measures the time that a node's walk takes in the engine itself: paused while the node's unit or
/// its children are at work. Reads no clock when nobody counts. Threads: one.
class SelfTime {
 public:
  explicit SelfTime(metrics::SummaryCell* cell) : cell_(cell) { resume(); }
  SelfTime(const SelfTime&) = delete;
  SelfTime& operator=(const SelfTime&) = delete;
  ~SelfTime() {
    if (cell_ == nullptr) return;
    pause();
    cell_->observe(std::chrono::duration<double>(total_).count());
  }

  void pause() {
    if (cell_ == nullptr || !running_) return;
    total_ += Clock::now() - since_;
    running_ = false;
  }
  void resume() {
    if (cell_ == nullptr) return;
    since_ = Clock::now();
    running_ = true;
  }

 private:
  metrics::SummaryCell* cell_;
  Clock::time_point since_;
  Clock::duration total_{};
  bool running_ = false;
};

}  // namespace infergraph::graph
