#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace infergraph::metrics {

/// A counter that somebody else keeps, who is asked at the scrape.
/// Threads: those of what it asks.
class CountCollector final : public prometheus::Collectable {
 public:
  CountCollector(std::string name, std::string help, std::function<std::uint64_t()> count)
      : name_(std::move(name)), help_(std::move(help)), count_(std::move(count)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::ClientMetric metric;
    metric.counter.value = static_cast<double>(count_());
    return {{name_, help_, prometheus::MetricType::Counter, {metric}}};
  }

 private:
  std::string name_;
  std::string help_;
  std::function<std::uint64_t()> count_;
};

}  // namespace infergraph::metrics
