#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/failed_requests.hpp"
#include "metrics/registry.hpp"
#include "metrics/request_series.hpp"

namespace infergraph::metrics {

/// The reference's bounds from 0.005 up, and finer ones below, where this engine lives.
std::vector<double> default_bounds();

struct FamilyOptions {
  std::string deployment_name;
  std::string predictor_name;
  std::string predictor_version;
  /// Upper bounds of every histogram, in seconds, ascending.
  std::vector<double> bounds = default_bounds();
  /// Also the `…_requests_seconds_summary` families. Off, because `promtool check metrics` objects
  /// to their name, which is the reference's.
  bool summaries = false;
  /// One for each thread that serves requests.
  int shards = 1;
  /// The program's version, for infergraph_build_info.
  std::string version;
  /// Asked at each scrape, for infergraph_log_lines_dropped_total; may be empty.
  std::function<std::uint64_t()> log_lines_dropped;
};

/// What the work on large messages is at now.
struct WorkLoad {
  double bytes = 0;    ///< held by all of it
  double waiting = 0;  ///< messages in the queue
  double running = 0;  ///< messages being worked on
};

using ServerRequests = RequestSeries;
using ClientRequests = RequestSeries;

/// Every metric of the program: its name, help, labels and buckets (families.cpp has the table,
/// docs/metrics.md the meaning).
///
/// Threads: any may look cells up (this locks: once, not per request); a cell is then written by
/// the thread of its shard alone. All references live as long as this object. Errors: the
/// constructor throws std::invalid_argument for bounds that aren't ascending numbers.
class Families {
 public:
  /// Also sets the build info, and adds the process collector.
  explicit Families(const FamilyOptions& options);

  Registry& registry() { return registry_; }
  const Registry& registry() const { return registry_; }
  int shards() const { return registry_.shards(); }

  /// Requests to the engine. REST: service "predictions", "feedback", "status" or "metadata",
  /// method the lower-case verb. gRPC: service the full method, method "unary". None of them may
  /// come unchecked from the caller, or the number of series has no bound.
  ServerRequests server(int shard, std::string_view service, std::string_view method);

  /// Calls of the engine to a node. REST: service is the path ("/predict"), else as above.
  ClientRequests client(int shard, std::string_view service, std::string_view method,
                        std::string_view model_name, std::string_view model_image,
                        std::string_view model_version);

  GaugeCell& requests_in_flight(int shard) { return requests_in_flight_.cell(shard, {}); }
  GaugeCell& node_calls_in_flight(int shard, std::string_view model_name);

  /// A request's time less the time in which at least one node call was in flight.
  HistogramCell& request_self_seconds(int shard, std::string_view service);
  /// Time in the walk of the node itself, without its own calls and without its children.
  SummaryCell& node_self_seconds(int shard, std::string_view model_name);

  /// Requests that ended in an error of the engine's own; the reason as in the error's JSON.
  FailedRequests requests_failed(int shard) { return {requests_failed_, shard}; }

  /// Callers' connections.
  GaugeCell& connections_open(int shard) { return connections_open_.cell(shard, {}); }
  CounterCell& connections_refused(int shard) { return connections_refused_.cell(shard, {}); }

  /// Calls that were repeated on another connection.
  CounterCell& node_retries(int shard, std::string_view model_name) {
    return node_retries_.cell(shard, {std::string(model_name)});
  }

  /// What one thread's pool of connections to one node writes.
  struct NodeConnections {
    GaugeCell& idle;
    GaugeCell& busy;
    CounterCell& connects;
    CounterCell& connect_failures;
    CounterCell& retries;
  };
  NodeConnections node_connections(int shard, std::string_view model_name);

  /// Work on large messages: how long it waited ("queued") and took ("running").
  HistogramCell& work_seconds(int shard, std::string_view phase) {
    return work_seconds_.cell(shard, {std::string(phase)});
  }
  /// Work that was refused, since there was too much of it.
  CounterCell& work_refused(int shard) { return work_refused_.cell(shard, {}); }
  /// Adds what `read` says at each scrape, on any thread.
  void add_work_load(std::function<WorkLoad()> read);

  /// By how much a turn of a thread's loop came later than it should have.
  HistogramCell& loop_lag(int shard, std::string_view thread) {
    return loop_lag_.cell(shard, {std::string(thread)});
  }
  /// What was thrown where nobody expected it; `shard`'s thread went on.
  CounterCell& exceptions(int shard) { return exceptions_.cell(shard, {}); }

  /// 1 while /ready answers 200, else 0. To be set(), from any thread.
  GaugeCell& ready() { return ready_.cell(0, {}); }

 private:
  Registry registry_;
  std::string deployment_name_;
  std::string predictor_name_;
  std::string predictor_version_;

  HistogramFamily& server_;
  HistogramFamily& client_;
  QuantileFamily* server_summary_;
  QuantileFamily* client_summary_;
  GaugeFamily& requests_in_flight_;
  GaugeFamily& node_calls_in_flight_;
  HistogramFamily& request_self_seconds_;
  SummaryFamily& node_self_seconds_;
  CounterFamily& requests_failed_;
  GaugeFamily& connections_open_;
  CounterFamily& connections_refused_;
  GaugeFamily& node_connections_;
  CounterFamily& node_connects_;
  CounterFamily& node_connect_failures_;
  CounterFamily& node_retries_;
  GaugeFamily& ready_;
  HistogramFamily& work_seconds_;
  CounterFamily& work_refused_;
  HistogramFamily& loop_lag_;
  CounterFamily& exceptions_;
};

}  // namespace infergraph::metrics
