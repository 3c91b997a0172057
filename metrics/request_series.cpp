#include "metrics/request_series.hpp"

#include <utility>

namespace infergraph::metrics {

RequestSeries::RequestSeries(HistogramFamily& histograms, QuantileFamily* quantiles, int shard,
                             std::vector<std::string> labels)
    : histograms_(&histograms), quantiles_(quantiles), shard_(shard), labels_(std::move(labels)) {}

RequestSeries::Cells RequestSeries::look_up(std::string code) {
  labels_.front() = std::move(code);
  return {&histograms_->cell(shard_, labels_),
          quantiles_ == nullptr ? nullptr : &quantiles_->cell(shard_, labels_)};
}

RequestSeries::Cells RequestSeries::add(int status) {
  const Cells cells = look_up(std::to_string(status));
  by_status_.push_back({status, cells});
  return cells;
}

RequestSeries::Cells RequestSeries::add(std::string_view code) {
  const Cells cells = look_up(std::string(code));
  by_code_.push_back({std::string(code), cells});
  return cells;
}

}  // namespace infergraph::metrics
