#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/family.hpp"

namespace infergraph::metrics {

/// All metrics of the process. A shard belongs to one thread: that thread alone writes its cells.
///
/// Threads: any. Families and cells are looked up once, under a mutex; the references stay valid
/// for the registry's life.
/// Errors: making a family throws std::invalid_argument for a name that is taken or that Prometheus
/// doesn't allow, and for bounds that aren't ascending numbers. That is for start-up.
class Registry {
 public:
  explicit Registry(int shards);

  int shards() const { return shards_; }

  /// `bounds`: upper bounds in ascending order; +Inf may be left out.
  HistogramFamily& histogram(std::string name, std::string help,
                             std::vector<std::string> label_names, std::vector<double> bounds);
  CounterFamily& counter(std::string name, std::string help, std::vector<std::string> label_names);
  GaugeFamily& gauge(std::string name, std::string help, std::vector<std::string> label_names);
  /// Count and sum only.
  SummaryFamily& summary(std::string name, std::string help, std::vector<std::string> label_names);
  /// Count, sum, and quantiles over a sliding window.
  QuantileFamily& quantiles(std::string name, std::string help,
                            std::vector<std::string> label_names,
                            QuantileCell::Options options = {});

  /// Adds something that computes its values at the scrape, on the thread that scrapes. It must not
  /// give a family that exists already.
  void add_collector(std::shared_ptr<prometheus::Collectable> collector);

  /// Everything that has a series, by name.
  std::vector<prometheus::MetricFamily> collect() const;

 private:
  template <typename FamilyType>
  FamilyType& add(std::string name, std::string help, std::vector<std::string> label_names,
                  typename FamilyType::Options options);

  const int shards_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, std::unique_ptr<AnyFamily>> families_;
  std::vector<std::shared_ptr<prometheus::Collectable>> collectors_;
};

}  // namespace infergraph::metrics
