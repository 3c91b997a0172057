#pragma once

#include <prometheus/metric_family.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "metrics/cells.hpp"
#include "metrics/quantile_cell.hpp"

namespace infergraph::metrics {

/// A metric of one name: its series, and of each series a cell per shard.
class AnyFamily {
 public:
  virtual ~AnyFamily() = default;
  /// The sums over the shards, in the order of the label values; empty before the first cell.
  virtual prometheus::MetricFamily collect() const = 0;
};

/// Threads: any; cell() locks, so look a cell up once and keep the reference.
/// Owns the cells, which live as long as the family.
template <typename Cell, prometheus::MetricType type>
class Family final : public AnyFamily {
 public:
  using Options = typename Cell::Options;

  Family(std::string name, std::string help, std::vector<std::string> label_names, int shards,
         Options options)
      : name_(std::move(name)),
        help_(std::move(help)),
        label_names_(std::move(label_names)),
        shards_(static_cast<std::size_t>(shards)),
        options_(std::move(options)) {}

  /// The cell that the thread of `shard` writes of the series with these label values, in the order
  /// of the label names. The series shows from here on, at zero.
  /// Errors: throws std::invalid_argument for a wrong number of values or a shard out of range.
  Cell& cell(int shard, std::vector<std::string> label_values) {
    const auto index = static_cast<std::size_t>(shard);
    if (index >= shards_ || label_values.size() != label_names_.size())
      throw std::invalid_argument("metric " + name_ + ": wrong shard or number of labels");
    const std::lock_guard lock(mutex_);
    auto& cells = series_[std::move(label_values)];
    cells.resize(shards_);
    if (!cells[index]) cells[index] = std::make_unique<Cell>(options_);
    return *cells[index];
  }

  prometheus::MetricFamily collect() const override {
    prometheus::MetricFamily family{name_, help_, type, {}};
    const std::lock_guard lock(mutex_);
    family.metric.reserve(series_.size());
    for (const auto& [values, cells] : series_) {
      typename Cell::Total total(options_);
      for (const auto& cell : cells)
        if (cell) total.include(*cell);
      auto& metric = family.metric.emplace_back();
      metric.label.reserve(values.size());
      for (std::size_t i = 0; i < values.size(); ++i)
        metric.label.push_back({label_names_[i], values[i]});
      total.fill(metric);
    }
    return family;
  }

 private:
  const std::string name_;
  const std::string help_;
  const std::vector<std::string> label_names_;
  const std::size_t shards_;
  const Options options_;

  mutable std::mutex mutex_;
  // Guarded by mutex_; the cells themselves are not.
  std::map<std::vector<std::string>, std::vector<std::unique_ptr<Cell>>> series_;
};

using CounterFamily = Family<CounterCell, prometheus::MetricType::Counter>;
using GaugeFamily = Family<GaugeCell, prometheus::MetricType::Gauge>;
using HistogramFamily = Family<HistogramCell, prometheus::MetricType::Histogram>;
using SummaryFamily = Family<SummaryCell, prometheus::MetricType::Summary>;
using QuantileFamily = Family<QuantileCell, prometheus::MetricType::Summary>;

}  // namespace infergraph::metrics
