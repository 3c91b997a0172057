#include "metrics/cells.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace infergraph::metrics {
namespace {

std::vector<std::uint64_t> cumulative_counts(const HistogramCell& cell,
                                             const HistogramCell::Options& options) {
  HistogramCell::Total total(options);
  total.include(cell);
  prometheus::ClientMetric metric;
  total.fill(metric);
  std::vector<std::uint64_t> counts;
  for (const auto& bucket : metric.histogram.bucket) counts.push_back(bucket.cumulative_count);
  EXPECT_EQ(metric.histogram.sample_count, counts.back());
  return counts;
}

TEST(HistogramCell, PutsAValueOnABoundIntoThatBucket) {
  const HistogramCell::Options options{{0.1, 1, 10}};
  HistogramCell cell(options);
  cell.observe(0.1);
  EXPECT_EQ(cumulative_counts(cell, options), (std::vector<std::uint64_t>{1, 1, 1, 1}));
  cell.observe(std::nextafter(0.1, 1));
  EXPECT_EQ(cumulative_counts(cell, options), (std::vector<std::uint64_t>{1, 2, 2, 2}));
  cell.observe(-1);
  cell.observe(11);
  EXPECT_EQ(cumulative_counts(cell, options), (std::vector<std::uint64_t>{2, 3, 3, 4}));
}

TEST(HistogramCell, PutsWhatIsNoNumberIntoTheLastBucket) {
  for (const std::size_t size : {3U, 100U}) {
    HistogramCell::Options options;
    for (std::size_t i = 0; i < size; ++i) options.bounds.push_back(static_cast<double>(i));
    HistogramCell cell(options);
    cell.observe(std::numeric_limits<double>::quiet_NaN());
    const auto counts = cumulative_counts(cell, options);
    EXPECT_EQ(counts[size - 1], 0U);
    EXPECT_EQ(counts[size], 1U);
  }
}

TEST(HistogramCell, WorksWithoutBounds) {
  const HistogramCell::Options options;
  HistogramCell cell(options);
  cell.observe(3);
  EXPECT_EQ(cumulative_counts(cell, options), (std::vector<std::uint64_t>{1}));
}

// The two ways of finding a bucket, for few bounds and for many, agree with the definition.
TEST(HistogramCell, FindsTheBucketForAnyNumberOfBounds) {
  for (std::size_t size = 1; size <= 70; ++size) {
    HistogramCell::Options options;
    for (std::size_t i = 1; i <= size; ++i) options.bounds.push_back(static_cast<double>(i));
    HistogramCell cell(options);
    std::vector<std::uint64_t> expected(size + 1);
    for (double value = 0; value <= static_cast<double>(size) + 1; value += 0.5) {
      cell.observe(value);
      for (std::size_t i = 0; i <= size; ++i)
        if (i == size || value <= options.bounds[i]) ++expected[i];
    }
    EXPECT_EQ(cumulative_counts(cell, options), expected) << size << " bounds";
  }
}

TEST(GaugeCell, SumsWhatTheThreadsHold) {
  GaugeCell one({});
  GaugeCell other({});
  one.add(3);
  other.add(2);
  other.add(-4);
  GaugeCell::Total total({});
  total.include(one);
  total.include(other);
  EXPECT_EQ(total.value, 1);
}

}  // namespace
}  // namespace infergraph::metrics
