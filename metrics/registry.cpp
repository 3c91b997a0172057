#include "metrics/registry.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace infergraph::metrics {
namespace {

bool is_name(std::string_view name, bool colons) {
  const auto allowed = [colons](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (colons && c == ':');
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), allowed);
}

void check_names(const std::string& name, const std::vector<std::string>& labels) {
  if (!is_name(name, true)) throw std::invalid_argument("bad metric name: " + name);
  for (const auto& label : labels)
    if (!is_name(label, false) || label == "le" || label == "quantile" || label.starts_with("__"))
      throw std::invalid_argument(std::string("bad label name in metric ").append(name));
}

std::vector<double> checked(const std::string& name, std::vector<double> bounds) {
  if (!bounds.empty() && std::isinf(bounds.back()) && bounds.back() > 0) bounds.pop_back();
  const auto unordered = [](double a, double b) { return !(a < b); };
  if (!std::all_of(bounds.begin(), bounds.end(),
                   [](double bound) { return std::isfinite(bound); }) ||
      std::adjacent_find(bounds.begin(), bounds.end(), unordered) != bounds.end())
    throw std::invalid_argument("metric " + name + ": bounds must be ascending numbers");
  return bounds;
}

}  // namespace

Registry::Registry(int shards) : shards_(shards) {
  if (shards < 1) throw std::invalid_argument("a registry needs at least one shard");
}

template <typename FamilyType>
FamilyType& Registry::add(std::string name, std::string help, std::vector<std::string> label_names,
                          typename FamilyType::Options options) {
  check_names(name, label_names);
  auto family = std::make_unique<FamilyType>(name, std::move(help), std::move(label_names), shards_,
                                             std::move(options));
  FamilyType& made = *family;
  const std::lock_guard lock(mutex_);
  if (!families_.try_emplace(name, std::move(family)).second)
    throw std::invalid_argument("metric " + name + " exists already");
  return made;
}

HistogramFamily& Registry::histogram(std::string name, std::string help,
                                     std::vector<std::string> label_names,
                                     std::vector<double> bounds) {
  HistogramCell::Options options{checked(name, std::move(bounds))};
  return add<HistogramFamily>(std::move(name), std::move(help), std::move(label_names),
                              std::move(options));
}

CounterFamily& Registry::counter(std::string name, std::string help,
                                 std::vector<std::string> label_names) {
  return add<CounterFamily>(std::move(name), std::move(help), std::move(label_names), {});
}

GaugeFamily& Registry::gauge(std::string name, std::string help,
                             std::vector<std::string> label_names) {
  return add<GaugeFamily>(std::move(name), std::move(help), std::move(label_names), {});
}

SummaryFamily& Registry::summary(std::string name, std::string help,
                                 std::vector<std::string> label_names) {
  return add<SummaryFamily>(std::move(name), std::move(help), std::move(label_names), {});
}

QuantileFamily& Registry::quantiles(std::string name, std::string help,
                                    std::vector<std::string> label_names,
                                    QuantileCell::Options options) {
  return add<QuantileFamily>(std::move(name), std::move(help), std::move(label_names),
                             std::move(options));
}

void Registry::add_collector(std::shared_ptr<prometheus::Collectable> collector) {
  const std::lock_guard lock(mutex_);
  collectors_.push_back(std::move(collector));
}

std::vector<prometheus::MetricFamily> Registry::collect() const {
  std::vector<prometheus::MetricFamily> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) all.push_back(family->collect());
  for (const auto& collector : collectors_) {
    auto some = collector->Collect();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  std::erase_if(all, [](const auto& family) { return family.metric.empty(); });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace infergraph::metrics
