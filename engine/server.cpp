#include "engine/server.hpp"

#include <csignal>
#include <cstdio>
#include <map>
#include <thread>
#include <utility>

#include <boost/asio/signal_set.hpp>

#include "engine/cpu_count.hpp"
#include "engine/node/rest_node.hpp"
#include "engine/observe/log.hpp"
#include "graph/unit_registry.hpp"
#include "graph/units/remote.hpp"

namespace infergraph::engine {
namespace {

// A balancer needs this long to notice that /ready has turned.
constexpr auto kLeastWindDown = std::chrono::milliseconds(500);
// Start-up waits this long for the first answers of the name server.
constexpr auto kFirstResolve = std::chrono::milliseconds(200);

// A node that is never called has no endpoint to be ready.
bool is_remote(const graph::NodeSpec& node) { return !graph::is_built_in(node.implementation); }

// Until nodes are called over gRPC, one that has only a gRPC port is probed there all the same.
std::uint16_t called_port(const graph::Endpoint& endpoint) {
  return endpoint.http_port != 0 ? endpoint.http_port : endpoint.grpc_port;
}

}  // namespace

Server::Server(const Options& options, const graph::PredictorSpec& predictor,
               const graph::Annotated& annotations)
    : options_(options),
      metrics_(family_options(options, predictor, io_thread_count(options.threads))),
      runtime_(metrics_.shards()),
      resolver_(options.dns_refresh) {
  Readiness::Options readiness;
  readiness.full_health_checks = options.full_health_checks;
  readiness_ = std::make_unique<Readiness>(control_, readiness_targets(predictor), readiness,
                                           &metrics_.ready());
  for (int i = 0; i < runtime_.size(); ++i) {
    seats_.push_back(make_seat(predictor, annotations, i));
  }
  resolver_.wait_for_first_round(kFirstResolve);
}

Server::~Server() {
  listener_.reset();  // needs the loops to end its sessions
  runtime_.stop();    // before what the loops touch goes
}

metrics::FamilyOptions Server::family_options(const Options& options,
                                              const graph::PredictorSpec& predictor, int threads) {
  metrics::FamilyOptions made;
  made.deployment_name = options.sdep;
  made.predictor_name = predictor.name.empty() ? options.predictor : predictor.name;
  made.predictor_version = predictor.version();
  if (!options.histogram_buckets.empty()) made.bounds = options.histogram_buckets;
  made.summaries = options.metrics_summaries;
  made.shards = threads;
  made.version = INFERGRAPH_VERSION;
  return made;
}

std::vector<Readiness::Target> Server::readiness_targets(const graph::PredictorSpec& predictor) {
  std::map<std::pair<std::string, std::uint16_t>, Readiness::Target> targets;
  for (const graph::NodeSpec& node : predictor.nodes) {
    if (!is_remote(node)) continue;
    const graph::Endpoint& endpoint = node.endpoint;
    const std::uint16_t port = options_.full_health_checks || endpoint.service_port == 0
                                   ? called_port(endpoint)
                                   : endpoint.service_port;
    auto& target = targets[{endpoint.service_host, port}];
    target.book = resolver_.book(endpoint.service_host, port);
    target.nodes.push_back(node.name);
  }
  std::vector<Readiness::Target> list;
  for (auto& [address, target] : targets) list.push_back(std::move(target));
  return list;
}

std::unique_ptr<Server::Seat> Server::make_seat(const graph::PredictorSpec& predictor,
                                                const graph::Annotated& annotations, int index) {
  auto seat = std::make_unique<Seat>();
  const auto unit = [&](const graph::NodeSpec& node) {
    return make_unit(node, *seat, annotations, index);
  };
  const auto count_self_time = [&](graph::PlanNode& node) {
    node.self_time = &metrics_.node_self_seconds(index, node.name);
  };
  Predictor::Options walking;
  walking.max_decoded = options_.max_response_bytes;
  walking.inject_routing = options_.inject_routing;
  seat->predictor =
      std::make_unique<Predictor>(graph::Plan::make(predictor, unit, count_self_time), walking);

  RestApiOptions api;
  api.deployment = options_.sdep;
  api.namespace_ = options_.namespace_;
  api.metrics_path = options_.prometheus_path;
  api.allowed_origins = options_.cors_allowed_origins;
  api.allowed_headers = options_.cors_allowed_headers;
  seat->api =
      std::make_unique<RestApi>(std::move(api), *seat->predictor, *readiness_, metrics_, index);
  return seat;
}

std::unique_ptr<graph::Unit> Server::make_unit(const graph::NodeSpec& node, Seat& seat,
                                               const graph::Annotated& annotations, int index) {
  if (!is_remote(node)) return graph::make_built_in(node);
  MessageLimits limits;
  limits.header = options_.max_header_bytes;
  limits.body = options_.max_response_bytes;
  seat.pools.push_back(std::make_unique<HttpPool>(
      runtime_.thread(index),
      resolver_.book(node.endpoint.service_host, called_port(node.endpoint)), limits,
      metrics_.node_connections(index, node.name)));
  RestNodeOptions calling;
  calling.timeout = annotations.rest_timeout;
  calling.connect_timeout = options_.connect_timeout;
  return std::make_unique<graph::RemoteUnit>(
      std::make_unique<RestNode>(node.name, *seat.pools.back(), calling, &metrics_, node.image,
                                 node.image_version),
      options_.max_response_bytes);
}

int Server::run() {
  ListenerOptions listening;
  listening.port = static_cast<std::uint16_t>(options_.http_port);
  listening.limits.header = options_.max_header_bytes;
  listening.limits.body = options_.max_body_bytes;
  listening.timeouts.head = options_.read_timeout;
  listening.timeouts.progress = options_.progress_timeout;
  listening.timeouts.idle = options_.idle_timeout;
  listening.max_connections = options_.max_connections;
  std::vector<HttpListener::Seat> places;
  for (int i = 0; i < runtime_.size(); ++i) {
    places.push_back({seats_[static_cast<std::size_t>(i)]->api.get(), &metrics_.connections_open(i),
                      &metrics_.connections_refused(i)});
  }

  // Before the threads start, so that all of them leave signals to this one.
  boost::asio::signal_set signals(control_.context, SIGTERM, SIGINT);
  signals.async_wait([this](boost::system::error_code ec, int signal) {
    if (ec) return;
    log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
    control_.context.stop();
  });

  runtime_.start();
  listener_ = std::make_unique<HttpListener>(runtime_, listening, places);
  const auto port = listener_->open();
  if (!port) {
    std::fprintf(stderr, "infergraph: %s\n", port.error().message().c_str());
    return 1;
  }
  log::info("listening", {{"http_port", std::to_string(*port)},
                          {"deployment", options_.sdep},
                          {"namespace", options_.namespace_},
                          {"predictor", options_.predictor},
                          {"threads", std::to_string(runtime_.size())}});
  readiness_->start();
  control_.context.run();

  // A second ^C ends the process at once, as it does by default; a second SIGTERM changes nothing.
  signals.remove(SIGINT);
  const bool clean = drain();
  log::info(clean ? "stopped" : "stopped with requests unfinished", {});
  return clean ? 0 : 1;
}

bool Server::drain() {
  readiness_->stop_serving();
  listener_->wind_down();
  std::this_thread::sleep_for(
      std::max(std::chrono::milliseconds(options_.shutdown_delay), kLeastWindDown));
  return listener_->drain(options_.graceful_timeout);
}

}  // namespace infergraph::engine
