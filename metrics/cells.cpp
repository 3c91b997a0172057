#include "metrics/cells.hpp"

#include <limits>

namespace infergraph::metrics {

void SummaryCell::Total::include(const SummaryCell& cell) {
  count += cell.count_.load(std::memory_order_relaxed);
  sum += cell.sum_.load(std::memory_order_relaxed);
}

void SummaryCell::Total::fill(prometheus::ClientMetric& metric) const {
  metric.summary.sample_count = count;
  metric.summary.sample_sum = sum;
}

HistogramCell::HistogramCell(const Options& options)
    : bounds_(options.bounds.data()),
      size_(options.bounds.size()),
      lines_(std::make_unique<Line[]>(size_ / kPerLine + 1)) {}

HistogramCell::Total::Total(const Options& options)
    : bounds(options.bounds), counts(options.bounds.size() + 1) {}

void HistogramCell::Total::include(const HistogramCell& cell) {
  for (std::size_t i = 0; i < counts.size(); ++i)
    counts[i] += cell.lines_[i / kPerLine].counts[i % kPerLine].load(std::memory_order_relaxed);
  sum += cell.sum_.load(std::memory_order_relaxed);
}

void HistogramCell::Total::fill(prometheus::ClientMetric& metric) const {
  // The count is the sum of the buckets, not a number of its own: they agree even while a thread
  // is between two stores.
  auto& histogram = metric.histogram;
  histogram.bucket.reserve(counts.size());
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    cumulative += counts[i];
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({cumulative, bound});
  }
  histogram.sample_count = cumulative;
  histogram.sample_sum = sum;
}

}  // namespace infergraph::metrics
