#include "metrics/registry.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace infergraph::metrics {
namespace {

TEST(Registry, SumsTheShardsOfASeries) {
  Registry registry(3);
  auto& family = registry.histogram("x_seconds", "X.", {"a", "b"}, {1, 2});
  family.cell(0, {"p", "q"}).observe(0.5);
  family.cell(1, {"p", "q"}).observe(1.5);
  family.cell(2, {"p", "q"}).observe(9);
  family.cell(2, {"p", "other"}).observe(0.25);

  const auto families = registry.collect();
  ASSERT_EQ(families.size(), 1U);
  ASSERT_EQ(families[0].metric.size(), 2U);
  const auto& other = families[0].metric[0];  // by label values
  EXPECT_EQ(other.label[1].value, "other");
  EXPECT_EQ(other.histogram.sample_count, 1U);
  const auto& summed = families[0].metric[1];
  EXPECT_EQ(summed.label[0].name, "a");
  EXPECT_EQ(summed.label[0].value, "p");
  EXPECT_EQ(summed.histogram.sample_count, 3U);
  EXPECT_EQ(summed.histogram.sample_sum, 11);
  ASSERT_EQ(summed.histogram.bucket.size(), 3U);
  EXPECT_EQ(summed.histogram.bucket[0].cumulative_count, 1U);
  EXPECT_EQ(summed.histogram.bucket[1].cumulative_count, 2U);
  EXPECT_EQ(summed.histogram.bucket[2].cumulative_count, 3U);
  EXPECT_TRUE(std::isinf(summed.histogram.bucket[2].upper_bound));
}

TEST(Registry, GivesTheSameCellForTheSameShardAndLabels) {
  Registry registry(2);
  auto& family = registry.counter("x_total", "X.", {"a"});
  auto& cell = family.cell(0, {"p"});
  for (int i = 0; i < 1000; ++i) family.cell(0, {std::to_string(i)});
  EXPECT_EQ(&cell, &family.cell(0, {"p"}));
  EXPECT_NE(&cell, &family.cell(1, {"p"}));
}

TEST(Registry, LeavesOutAFamilyWithoutSeriesAndSortsTheRest) {
  Registry registry(1);
  registry.gauge("b", "B.", {}).cell(0, {}).set(2);
  registry.gauge("c", "C.", {});
  registry.summary("a_seconds", "A.", {}).cell(0, {}).observe(1);
  const auto families = registry.collect();
  ASSERT_EQ(families.size(), 2U);
  EXPECT_EQ(families[0].name, "a_seconds");
  EXPECT_EQ(families[1].name, "b");
}

TEST(Registry, AsksCollectorsAtTheScrape) {
  struct Pool : prometheus::Collectable {
    std::vector<prometheus::MetricFamily> Collect() const override {
      prometheus::MetricFamily family{"pool", "P.", prometheus::MetricType::Gauge, {}};
      family.metric.emplace_back().gauge.value = size;
      return {family};
    }
    double size = 1;
  };
  Registry registry(1);
  const auto pool = std::make_shared<Pool>();
  registry.add_collector(pool);
  pool->size = 7;
  ASSERT_EQ(registry.collect().size(), 1U);
  EXPECT_EQ(registry.collect()[0].metric[0].gauge.value, 7);
}

TEST(Registry, RefusesWhatPrometheusWould) {
  Registry registry(1);
  registry.counter("taken_total", "T.", {});
  EXPECT_THROW(registry.gauge("taken_total", "T.", {}), std::invalid_argument);
  EXPECT_THROW(registry.gauge("1st", "T.", {}), std::invalid_argument);
  EXPECT_THROW(registry.gauge("", "T.", {}), std::invalid_argument);
  EXPECT_THROW(registry.gauge("a-b", "T.", {}), std::invalid_argument);
  EXPECT_THROW(registry.gauge("g", "T.", {"a:b"}), std::invalid_argument);
  EXPECT_THROW(registry.histogram("h", "T.", {"le"}, {1}), std::invalid_argument);
  EXPECT_THROW(registry.histogram("h", "T.", {}, {1, 1}), std::invalid_argument);
  EXPECT_THROW(registry.histogram("h", "T.", {}, {2, 1}), std::invalid_argument);
  EXPECT_THROW(registry.histogram("h", "T.", {}, {1, NAN, 2}), std::invalid_argument);
  EXPECT_THROW(registry.histogram("h", "T.", {}, {-INFINITY, 2}), std::invalid_argument);
  EXPECT_NO_THROW(registry.histogram("h", "T.", {}, {1, INFINITY}));
  EXPECT_THROW(Registry(0), std::invalid_argument);
  auto& family = registry.counter("c_total", "T.", {"a"});
  EXPECT_THROW(family.cell(1, {"p"}), std::invalid_argument);
  EXPECT_THROW(family.cell(-1, {"p"}), std::invalid_argument);
  EXPECT_THROW(family.cell(0, {}), std::invalid_argument);
}

// Writers on their own shards while another thread scrapes: no sum goes back, count and buckets
// agree, and nothing is lost. ThreadSanitizer watches the rest.
TEST(Registry, IsScrapedWhileItIsWritten) {
  constexpr int kShards = 2;
  constexpr int kObservations = 50'000;
  Registry registry(kShards);
  auto& histograms = registry.histogram("h_seconds", "H.", {"code"}, {0.001, 0.01});
  auto& quantiles = registry.quantiles("q_seconds", "Q.", {});
  auto& counters = registry.counter("c_total", "C.", {});
  std::atomic<int> running = kShards;
  std::vector<std::jthread> writers;
  writers.reserve(kShards);
  for (int shard = 0; shard < kShards; ++shard)
    writers.emplace_back([&, shard] {
      auto& ok = histograms.cell(shard, {"200"});
      auto& window = quantiles.cell(shard, {});
      auto& counter = counters.cell(shard, {});
      for (int i = 0; i < kObservations; ++i) {
        ok.observe(i % 2 == 0 ? 0.0005 : 0.005);
        window.observe(0.002);
        counter.add();
        if (i % 1000 == 0) histograms.cell(shard, {std::to_string(i)}).observe(1);
      }
      --running;
    });

  const auto count_of_200 = [&]() -> std::uint64_t {
    for (const auto& family : registry.collect()) {
      if (family.name != "h_seconds") continue;
      for (const auto& metric : family.metric) {
        EXPECT_EQ(metric.histogram.bucket.back().cumulative_count, metric.histogram.sample_count);
        if (metric.label[0].value == "200") return metric.histogram.sample_count;
      }
    }
    return 0;
  };
  std::uint64_t last = 0;
  while (running > 0) {
    const auto count = count_of_200();
    EXPECT_GE(count, last);
    last = count;
  }
  writers.clear();
  EXPECT_EQ(count_of_200(), std::uint64_t{kShards} * kObservations);
  const auto families = registry.collect();
  EXPECT_EQ(families[0].metric[0].counter.value, kShards * kObservations);
  EXPECT_EQ(families[2].metric[0].summary.sample_count, std::uint64_t{kShards} * kObservations);
}

}  // namespace
}  // namespace infergraph::metrics
