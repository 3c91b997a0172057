#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metrics/family.hpp"

namespace infergraph::metrics {

/// The request durations of one service and method: a series for each code that was seen. A series
/// appears with its first observation, as in the reference.
///
/// Threads: used by the one thread whose shard it was made for. Movable.
/// Borrows the families, which outlive it. observe() neither locks nor allocates once a code is
/// known; the first time of a code does both.
class RequestSeries {
 public:
  /// `labels`: the values of all labels; labels[0] is the code, and is filled in here.
  /// `quantiles` may be null.
  RequestSeries(HistogramFamily& histograms, QuantileFamily* quantiles, int shard,
                std::vector<std::string> labels);

  /// REST: the HTTP status, which is the label's value in decimal.
  void observe(int status, double seconds) {
    for (const auto& known : by_status_)
      if (known.status == status) return known.cells.observe(seconds);
    add(status).observe(seconds);
  }

  /// gRPC: the code by its name, such as "OK".
  void observe(std::string_view code, double seconds) {
    for (const auto& known : by_code_)
      if (known.code == code) return known.cells.observe(seconds);
    add(code).observe(seconds);
  }

 private:
  struct Cells {
    HistogramCell* histogram;
    QuantileCell* quantiles;

    void observe(double seconds) const noexcept {
      histogram->observe(seconds);
      if (quantiles != nullptr) quantiles->observe(seconds);
    }
  };
  struct OfStatus {
    int status;
    Cells cells;
  };
  struct OfCode {
    std::string code;
    Cells cells;
  };

  Cells look_up(std::string code);
  Cells add(int status);
  Cells add(std::string_view code);

  HistogramFamily* histograms_;
  QuantileFamily* quantiles_;
  int shard_;
  std::vector<std::string> labels_;
  // A handful of codes at most in practice: a walk is quicker than a map.
  std::vector<OfStatus> by_status_;
  std::vector<OfCode> by_code_;
};

}  // namespace infergraph::metrics
