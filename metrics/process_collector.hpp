#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace infergraph::metrics {

/// The process metrics that every Prometheus client has (process_cpu_seconds_total, …), read from
/// /proc/self at the scrape. What can't be read is left out.
///
/// Threads: any.
class ProcessCollector final : public prometheus::Collectable {
 public:
  ProcessCollector();
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  /// Unix time; 0 if unknown.
  double start_time_;
};

}  // namespace infergraph::metrics
