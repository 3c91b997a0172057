#include "metrics/quantile_cell.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace infergraph::metrics {

QuantileCell::QuantileCell(const Options& options)
    : options_(&options),
      storage_(std::make_unique<std::array<Slice, kSlices>>()),
      slices_(storage_->data()) {}

void QuantileCell::restart(Slice& slice, std::int64_t period) noexcept {
  // No period while it is emptied, so that a scrape leaves it out.
  slice.period.store(-1, std::memory_order_relaxed);
  for (auto& count : slice.counts) count.store(0, std::memory_order_relaxed);
  slice.period.store(period, std::memory_order_release);
}

QuantileCell::Total::Total(const Options& options)
    : options_(&options), period_(options.clock() / options.slice_seconds), counts_(kSteps) {}

void QuantileCell::Total::include(const QuantileCell& cell) {
  for (std::size_t i = 0; i < kSlices; ++i) {
    const Slice& slice = cell.slices_[i];
    const std::int64_t period = slice.period.load(std::memory_order_acquire);
    if (period < 0 || period + static_cast<std::int64_t>(kSlices) <= period_) continue;
    for (std::size_t j = 0; j < kSteps; ++j) {
      const std::uint32_t count = slice.counts[j].load(std::memory_order_relaxed);
      counts_[j] += count;
      in_window_ += count;
    }
  }
  count_ += cell.count_.load(std::memory_order_relaxed);
  sum_ += cell.sum_.load(std::memory_order_relaxed);
}

double QuantileCell::Total::quantile(double rank) const {
  if (in_window_ == 0) return std::numeric_limits<double>::quiet_NaN();
  const double wanted = std::max(1.0, std::ceil(rank * static_cast<double>(in_window_)));
  double below = 0;
  for (std::size_t i = 0; i < kSteps; ++i) {
    if (counts_[i] == 0) continue;
    const auto here = static_cast<double>(counts_[i]);
    if (below + here >= wanted) {
      const double low = lower_end(i);
      return low + (lower_end(i + 1) - low) * (wanted - below) / here;
    }
    below += here;
  }
  return kMost;
}

void QuantileCell::Total::fill(prometheus::ClientMetric& metric) const {
  metric.summary.sample_count = count_;
  metric.summary.sample_sum = sum_;
  for (const double rank : options_->quantiles)
    metric.summary.quantile.push_back({rank, quantile(rank)});
}

}  // namespace infergraph::metrics
