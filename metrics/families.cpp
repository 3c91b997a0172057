#include "metrics/families.hpp"

#include <memory>
#include <utility>

#include "metrics/count_collector.hpp"
#include "metrics/process_collector.hpp"

namespace infergraph::metrics {
namespace {

// The labels are in the order in which the reference prints them; RequestSeries wants the code
// first.
const std::vector<std::string> kServerLabels{"code",           "deployment_name",   "method",
                                             "predictor_name", "predictor_version", "service"};
const std::vector<std::string> kClientLabels{"code",           "deployment_name",   "method",
                                             "model_image",    "model_name",        "model_version",
                                             "predictor_name", "predictor_version", "service"};
const std::vector<std::string> kNodeLabels{"model_name"};

// A millisecond is what a message may take of a thread; a clock's tick is near that.
const std::vector<double> kLagBounds{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};

class WorkCollector final : public prometheus::Collectable {
 public:
  explicit WorkCollector(std::function<WorkLoad()> read) : read_(std::move(read)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const WorkLoad load = read_();
    prometheus::MetricFamily bytes{"infergraph_work_bytes",
                                   "Bytes held by the work on messages.",
                                   prometheus::MetricType::Gauge,
                                   {}};
    bytes.metric.emplace_back().gauge.value = load.bytes;
    prometheus::MetricFamily messages{"infergraph_work_messages",
                                      "Large messages waiting for a thread, or being worked on.",
                                      prometheus::MetricType::Gauge,
                                      {}};
    for (const auto& [state, count] :
         {std::pair("running", load.running), std::pair("waiting", load.waiting)}) {
      auto& metric = messages.metric.emplace_back();
      metric.label.push_back({"state", state});
      metric.gauge.value = count;
    }
    return {std::move(bytes), std::move(messages)};
  }

 private:
  std::function<WorkLoad()> read_;
};

constexpr const char* kServerHelp = "Duration of the requests to the predictor.";
constexpr const char* kClientHelp = "Duration of the calls to the nodes of the graph.";

#ifdef __clang__
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

}  // namespace

std::vector<double> default_bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075,
          0.1,    0.25,    0.5,    0.75,  1,      2.5,   5,    7.5,   10};
}

Families::Families(const FamilyOptions& options)
    : registry_(options.shards),
      deployment_name_(options.deployment_name),
      predictor_name_(options.predictor_name),
      predictor_version_(options.predictor_version),
      server_(registry_.histogram("seldon_api_executor_server_requests_seconds", kServerHelp,
                                  kServerLabels, options.bounds)),
      client_(registry_.histogram("seldon_api_executor_client_requests_seconds", kClientHelp,
                                  kClientLabels, options.bounds)),
      server_summary_(options.summaries ? &registry_.quantiles(
                                              "seldon_api_executor_server_requests_seconds_summary",
                                              kServerHelp, kServerLabels)
                                        : nullptr),
      client_summary_(options.summaries ? &registry_.quantiles(
                                              "seldon_api_executor_client_requests_seconds_summary",
                                              kClientHelp, kClientLabels)
                                        : nullptr),
      requests_in_flight_(registry_.gauge("infergraph_requests_in_flight",
                                          "Requests to the predictor now being served.", {})),
      node_calls_in_flight_(registry_.gauge("infergraph_node_calls_in_flight",
                                            "Calls to the node now waiting for its answer.",
                                            kNodeLabels)),
      request_self_seconds_(registry_.histogram(
          "infergraph_request_self_seconds",
          "Duration of a request less the time in which any node call was in flight.", {"service"},
          options.bounds)),
      node_self_seconds_(registry_.summary(
          "infergraph_node_self_seconds",
          "Time in the walk of the node itself, without its calls and its children.", kNodeLabels)),
      requests_failed_(registry_.counter("infergraph_requests_failed_total",
                                         "Requests that ended in an error of the engine's own.",
                                         {"reason"})),
      connections_open_(
          registry_.gauge("infergraph_connections_open", "Open connections of callers.", {})),
      connections_refused_(
          registry_.counter("infergraph_connections_refused_total",
                            "Callers' connections refused over the limit of connections.", {})),
      node_connections_(registry_.gauge("infergraph_node_connections",
                                        "Open connections to the node, idle or busy.",
                                        {"model_name", "state"})),
      node_connects_(registry_.counter("infergraph_node_connects_total",
                                       "Connections made to the node.", kNodeLabels)),
      node_connect_failures_(registry_.counter("infergraph_node_connect_failures_total",
                                               "Connections to the node that could not be made.",
                                               kNodeLabels)),
      node_retries_(registry_.counter("infergraph_node_retries_total",
                                      "Calls repeated on a fresh connection to the node.",
                                      kNodeLabels)),
      ready_(registry_.gauge("infergraph_ready", "1 while the predictor is ready, else 0.", {})),
      work_seconds_(registry_.histogram(
          "infergraph_work_seconds",
          "Duration of the work on large messages, waiting for a thread and running.", {"phase"},
          options.bounds)),
      work_refused_(registry_.counter(
          "infergraph_work_refused_total",
          "Messages refused because there was too much work on large messages.", {})),
      loop_lag_(registry_.histogram("infergraph_loop_lag_seconds",
                                    "How much later than due a turn of the thread's loop came.",
                                    {"thread"}, kLagBounds)),
      exceptions_(registry_.counter("infergraph_exceptions_total",
                                    "Exceptions that ended what a thread was at.", {})) {
  registry_
      .gauge("infergraph_build_info", "The program's version and compiler; always 1.",
             {"compiler", "version"})
      .cell(0, {kCompiler, options.version})
      .set(1);
  registry_.add_collector(std::make_shared<ProcessCollector>());
  if (options.log_lines_dropped) {
    registry_.add_collector(std::make_shared<CountCollector>(
        "infergraph_log_lines_dropped_total",
        "Lines of the log that could not be written, or not soon enough.",
        options.log_lines_dropped));
  }
}

void Families::add_work_load(std::function<WorkLoad()> read) {
  registry_.add_collector(std::make_shared<WorkCollector>(std::move(read)));
}

ServerRequests Families::server(int shard, std::string_view service, std::string_view method) {
  return {server_, server_summary_, shard,
          std::vector<std::string>{"", deployment_name_, std::string(method), predictor_name_,
                                   predictor_version_, std::string(service)}};
}

ClientRequests Families::client(int shard, std::string_view service, std::string_view method,
                                std::string_view model_name, std::string_view model_image,
                                std::string_view model_version) {
  return {
      client_, client_summary_, shard,
      std::vector<std::string>{"", deployment_name_, std::string(method), std::string(model_image),
                               std::string(model_name), std::string(model_version), predictor_name_,
                               predictor_version_, std::string(service)}};
}

GaugeCell& Families::node_calls_in_flight(int shard, std::string_view model_name) {
  return node_calls_in_flight_.cell(shard, {std::string(model_name)});
}

HistogramCell& Families::request_self_seconds(int shard, std::string_view service) {
  return request_self_seconds_.cell(shard, {std::string(service)});
}

SummaryCell& Families::node_self_seconds(int shard, std::string_view model_name) {
  return node_self_seconds_.cell(shard, {std::string(model_name)});
}

Families::NodeConnections Families::node_connections(int shard, std::string_view model_name) {
  const std::string name(model_name);
  return {.idle = node_connections_.cell(shard, {name, "idle"}),
          .busy = node_connections_.cell(shard, {name, "busy"}),
          .connects = node_connects_.cell(shard, {name}),
          .connect_failures = node_connect_failures_.cell(shard, {name}),
          .retries = node_retries(shard, name)};
}

}  // namespace infergraph::metrics
