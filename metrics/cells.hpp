#pragma once

#include <prometheus/client_metric.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace infergraph::metrics {

// A cell is what one thread writes of one series. A load and a store suffice, since nobody else
// writes: no lock prefix, no contended line. A scrape reads the cells of all threads and sums them.
// Threads: one writer, any number of readers, for every cell below.

/// Adds to `value` as its only writer.
template <typename T>
void bump(std::atomic<T>& value, T by) noexcept {
  value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

/// A number that only grows.
class alignas(64) CounterCell {
 public:
  struct Options {};
  explicit CounterCell(const Options& /*options*/) {}

  void add(double by = 1) noexcept { bump(value_, by); }

  /// What a scrape sums up over the cells of a series.
  struct Total {
    explicit Total(const Options& /*options*/) {}
    void include(const CounterCell& cell) { value += cell.value_.load(std::memory_order_relaxed); }
    void fill(prometheus::ClientMetric& metric) const { metric.counter.value = value; }
    double value = 0;
  };

 private:
  std::atomic<double> value_{0};
};

/// A number that goes up and down. What the threads hold is summed, so a series is either moved by
/// add() on every thread or set() in one cell. A cell that is only ever set() may be set by any
/// thread.
class alignas(64) GaugeCell {
 public:
  struct Options {};
  explicit GaugeCell(const Options& /*options*/) {}

  void add(double by) noexcept { bump(value_, by); }
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }

  struct Total {
    explicit Total(const Options& /*options*/) {}
    void include(const GaugeCell& cell) { value += cell.value_.load(std::memory_order_relaxed); }
    void fill(prometheus::ClientMetric& metric) const { metric.gauge.value = value; }
    double value = 0;
  };

 private:
  std::atomic<double> value_{0};
};

/// Count and sum of durations in seconds; exposed as a summary without quantiles.
class alignas(64) SummaryCell {
 public:
  struct Options {};
  explicit SummaryCell(const Options& /*options*/) {}

  void observe(double seconds) noexcept {
    bump<std::uint64_t>(count_, 1);
    bump(sum_, seconds);
  }

  struct Total {
    explicit Total(const Options& /*options*/) {}
    void include(const SummaryCell& cell);
    void fill(prometheus::ClientMetric& metric) const;
    std::uint64_t count = 0;
    double sum = 0;
  };

 private:
  std::atomic<std::uint64_t> count_{0};
  std::atomic<double> sum_{0};
};

/// Durations in seconds by bucket. A value on a bound belongs to that bound (`le`).
class alignas(64) HistogramCell {
 public:
  struct Options {
    /// Upper bounds, finite and ascending; +Inf is implied.
    std::vector<double> bounds;
  };

  /// Borrows the bounds, which must outlive the cell.
  explicit HistogramCell(const Options& options);

  void observe(double seconds) noexcept {
    const std::size_t index = bucket(seconds);
    bump<std::uint64_t>(lines_[index / kPerLine].counts[index % kPerLine], 1);
    bump(sum_, seconds);
  }

  struct Total {
    explicit Total(const Options& options);
    void include(const HistogramCell& cell);
    void fill(prometheus::ClientMetric& metric) const;
    const std::vector<double>& bounds;
    std::vector<std::uint64_t> counts;
    double sum = 0;
  };

 private:
  static constexpr std::size_t kPerLine = 8;
  /// A whole cache line, so that two threads' cells never share one.
  struct alignas(64) Line {
    std::array<std::atomic<std::uint64_t>, kPerLine> counts{};
  };

  std::size_t bucket(double seconds) const noexcept {
    // Requests mostly end in the first few buckets, where walking up from below is quickest.
    // NaN is below no bound and ends in +Inf both ways.
    constexpr std::size_t kWalk = 32;
    if (size_ <= kWalk) {
      std::size_t index = 0;
      while (index < size_ && !(seconds <= bounds_[index])) ++index;
      return index;
    }
    return static_cast<std::size_t>(
        std::partition_point(bounds_, bounds_ + size_,
                             [seconds](double bound) { return !(seconds <= bound); }) -
        bounds_);
  }

  const double* bounds_;
  std::size_t size_;
  std::unique_ptr<Line[]> lines_;
  std::atomic<double> sum_{0};
};

}  // namespace infergraph::metrics
