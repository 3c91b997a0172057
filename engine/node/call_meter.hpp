#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <string_view>

#include "graph/call_context.hpp"
#include "metrics/families.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// Counts the calls to one node: how long they took, how many are in flight, and for the request
/// how long it was at its nodes.
/// Threads: one.
class CallMeter {
 public:
  /// The labels of one method.
  struct Labels {
    std::string_view service;
    std::string_view method;
  };

  /// `metrics` may be null: then only the request's time is counted. `labels` in the order of
  /// protocol::Method.
  CallMeter(metrics::Families* metrics, int shard, std::string_view node, std::string_view image,
            std::string_view version, const std::array<Labels, protocol::kMethodCount>& labels) {
    if (metrics == nullptr) return;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i].service.empty()) continue;  // the node's protocol has no such call
      requests_[i].emplace(
          metrics->client(shard, labels[i].service, labels[i].method, node, image, version));
    }
    in_flight_ = &metrics->node_calls_in_flight(shard, node);
  }

  /// A call begins; gives the time.
  Clock::time_point begin(graph::CallContext& context) {
    const auto now = Clock::now();
    context.times->call_began(now);
    if (in_flight_ != nullptr) in_flight_->add(1);
    return now;
  }

  /// It has ended without an answer or a failure: something was thrown.
  void abandon(graph::CallContext& context) {
    context.times->call_ended(Clock::now());
    if (in_flight_ != nullptr) in_flight_->add(-1);
  }

  /// It has ended with `code`: an HTTP status, or the name of gRPC's.
  template <typename Code>
  void end(graph::CallContext& context, protocol::Method method, Clock::time_point began,
           Code code) {
    const auto now = Clock::now();
    context.times->call_ended(now);
    if (in_flight_ != nullptr) in_flight_->add(-1);
    auto& requests = requests_[static_cast<std::size_t>(method)];
    if (!requests) return;
    try {
      requests->observe(code, std::chrono::duration<double>(now - began).count());
    } catch (const std::bad_alloc&) {
      // The first call with this code is lost to the metrics, not to the caller.
    }
  }

 private:
  std::array<std::optional<metrics::ClientRequests>, protocol::kMethodCount> requests_;
  metrics::GaugeCell* in_flight_ = nullptr;
};

}  // namespace infergraph::engine
