#pragma once

#include <string_view>
#include <vector>

#include "metrics/family.hpp"

namespace infergraph::metrics {

/// The requests of one thread that failed, by reason. A series appears with its first failure.
///
/// Threads: the one whose shard it was made for. Movable.
/// Borrows the family, which outlives it. count() neither locks nor allocates once a reason is
/// known; the first time of a reason does both.
class FailedRequests {
 public:
  FailedRequests(CounterFamily& family, int shard) : family_(&family), shard_(shard) {}

  /// `reason` lives for ever: there is a handful of them, none of which comes from outside.
  void count(std::string_view reason) {
    for (const auto& known : by_reason_) {
      if (known.reason == reason) return known.cell->add();
    }
    CounterCell& cell = family_->cell(shard_, {std::string(reason)});
    by_reason_.push_back({reason, &cell});
    cell.add();
  }

 private:
  struct OfReason {
    std::string_view reason;
    CounterCell* cell;
  };

  CounterFamily* family_;
  int shard_;
  std::vector<OfReason> by_reason_;
};

}  // namespace infergraph::metrics
