#include "metrics/quantile_cell.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace infergraph::metrics {
namespace {

std::int64_t now_seconds = 0;

QuantileCell::Options fake_clock_options() {
  now_seconds = 1000;
  return {.slice_seconds = 10, .clock = [] { return now_seconds; }};
}

prometheus::ClientMetric::Summary read(const QuantileCell::Options& options,
                                       const std::vector<const QuantileCell*>& cells) {
  QuantileCell::Total total(options);
  for (const auto* cell : cells) total.include(*cell);
  prometheus::ClientMetric metric;
  total.fill(metric);
  return metric.summary;
}

TEST(QuantileCell, IsWithinSixPercentOverItsWholeRange) {
  const auto options = fake_clock_options();
  for (double unit = 1e-5; unit < 1; unit *= 7) {
    QuantileCell cell(options);
    for (int i = 1; i <= 1000; ++i) cell.observe(unit * i);
    const auto summary = read(options, {&cell});
    ASSERT_EQ(summary.quantile.size(), 3U);
    for (const auto& [rank, value] : summary.quantile)
      EXPECT_NEAR(value, unit * rank * 1000, 0.0625 * unit * rank * 1000) << rank << " of " << unit;
    EXPECT_EQ(summary.sample_count, 1000U);
    EXPECT_NEAR(summary.sample_sum, unit * 500500, unit);
  }
}

TEST(QuantileCell, MergesThreads) {
  const auto options = fake_clock_options();
  QuantileCell fast(options);
  QuantileCell slow(options);
  for (int i = 0; i < 95; ++i) fast.observe(0.001);
  for (int i = 0; i < 5; ++i) slow.observe(1);
  const auto summary = read(options, {&fast, &slow});
  EXPECT_NEAR(summary.quantile[1].value, 0.001, 0.0001);
  EXPECT_NEAR(summary.quantile[2].value, 1, 0.0625);
  EXPECT_EQ(summary.sample_count, 100U);
}

TEST(QuantileCell, ForgetsWhatLeftTheWindowButKeepsCountAndSum) {
  const auto options = fake_clock_options();
  QuantileCell cell(options);
  cell.observe(8);
  now_seconds += 40;  // the last of five slices
  cell.observe(1);
  EXPECT_NEAR(read(options, {&cell}).quantile[2].value, 8, 0.5);
  now_seconds += 10;
  EXPECT_NEAR(read(options, {&cell}).quantile[2].value, 1, 0.0625);
  cell.observe(1);  // reuses the slice that the 8 was in
  EXPECT_NEAR(read(options, {&cell}).quantile[2].value, 1, 0.0625);
  now_seconds += 1000;
  const auto summary = read(options, {&cell});
  EXPECT_TRUE(std::isnan(summary.quantile[0].value));
  EXPECT_EQ(summary.sample_count, 3U);
  EXPECT_EQ(summary.sample_sum, 10);
}

TEST(QuantileCell, TakesAnyNumber) {
  const auto options = fake_clock_options();
  QuantileCell cell(options);
  for (const double value :
       {0.0, -1.0, -double{INFINITY}, 1e-300, 1e300, double{INFINITY}, double{NAN}})
    cell.observe(value);
  const auto summary = read(options, {&cell});
  EXPECT_EQ(summary.sample_count, 7U);
  EXPECT_GT(summary.quantile[2].value, 4095);
  EXPECT_LT(summary.quantile[0].value, 1e-5);
}

}  // namespace
}  // namespace infergraph::metrics
