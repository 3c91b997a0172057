#pragma once

#include "metrics/cells.hpp"

namespace infergraph::engine {

/// One request more in a gauge, for as long as it lives, however it ends.
class InFlight {
 public:
  explicit InFlight(metrics::GaugeCell& gauge) : gauge_(gauge) { gauge_.add(1); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { gauge_.add(-1); }

 private:
  metrics::GaugeCell& gauge_;
};

}  // namespace infergraph::engine
