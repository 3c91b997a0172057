#pragma once

#include <prometheus/client_metric.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <vector>

#include "metrics/cells.hpp"

namespace infergraph::metrics {

/// Seconds of a monotonic clock that is cheap to read and good to some milliseconds.
inline std::int64_t coarse_seconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

/// Count, sum, and quantiles of the last minutes, of durations in seconds.
///
/// Not the sampling summary of the client libraries: that one locks, costs microseconds, and the
/// samples of two threads can't be merged. Here a slice of the window is a histogram of 16 linear
/// steps to each power of two, so a quantile is exact to 6 % of its value, and cells merge by
/// addition. About 10 KiB a cell.
///
/// Threads: one writer, any number of readers.
class alignas(64) QuantileCell {
 public:
  static constexpr std::size_t kSlices = 5;

  struct Options {
    std::vector<double> quantiles{0.5, 0.9, 0.99};
    /// The window is kSlices of these; ten minutes, as the Go client's default.
    std::int64_t slice_seconds = 120;
    std::int64_t (*clock)() = &coarse_seconds;
  };

  /// Borrows the options, which must outlive the cell.
  explicit QuantileCell(const Options& options);

  void observe(double seconds) noexcept {
    bump<std::uint64_t>(count_, 1);
    bump(sum_, seconds);
    const std::int64_t period = options_->clock() / options_->slice_seconds;
    Slice& slice = slices_[static_cast<std::size_t>(period) % kSlices];
    if (slice.period.load(std::memory_order_relaxed) != period) restart(slice, period);
    bump<std::uint32_t>(slice.counts[step(seconds)], 1);
  }

  /// What a scrape sums up over the cells of a series. NaN stands for a quantile of nothing.
  class Total {
   public:
    explicit Total(const Options& options);
    void include(const QuantileCell& cell);
    void fill(prometheus::ClientMetric& metric) const;

   private:
    double quantile(double rank) const;

    const Options* options_;
    std::int64_t period_;
    std::vector<std::uint64_t> counts_;
    std::uint64_t in_window_ = 0;
    std::uint64_t count_ = 0;
    double sum_ = 0;
  };

 private:
  // A double's exponent and the first four bits of its fraction are the number of its step.
  static constexpr int kFractionBits = 4;
  static constexpr int kDropped = 52 - kFractionBits;
  static constexpr double kLeast = 0x1p-20;  // about a microsecond
  static constexpr double kMost = 0x1p12;    // more than an hour
  static constexpr std::uint64_t kFirst = std::bit_cast<std::uint64_t>(kLeast) >> kDropped;
  static constexpr std::size_t kSteps =
      (std::bit_cast<std::uint64_t>(kMost) >> kDropped) - kFirst + 1;

  struct Slice {
    std::atomic<std::int64_t> period{-1};
    std::array<std::atomic<std::uint32_t>, kSteps> counts{};
  };

  static std::size_t step(double seconds) noexcept {
    if (!(seconds > kLeast)) return 0;
    if (seconds >= kMost) return kSteps - 1;
    return (std::bit_cast<std::uint64_t>(seconds) >> kDropped) - kFirst;
  }
  static double lower_end(std::size_t step) noexcept {
    return std::bit_cast<double>((step + kFirst) << kDropped);
  }
  static void restart(Slice& slice, std::int64_t period) noexcept;

  const Options* options_;
  std::unique_ptr<std::array<Slice, kSlices>> storage_;
  Slice* slices_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<double> sum_{0};
};

}  // namespace infergraph::metrics
