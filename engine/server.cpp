#include "engine/server.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <future>
#include <map>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include <boost/asio/post.hpp>

#include "base/saturated.hpp"
#include "engine/host/cpu_count.hpp"
#include "engine/host/memory_limit.hpp"
#include "engine/host/process.hpp"
#include "engine/net/do_on.hpp"
#include "engine/net/drain_limits.hpp"
#include "engine/node/grpc.hpp"
#include "engine/node/logged.hpp"
#include "engine/node/posted.hpp"
#include "engine/node/rest.hpp"
#include "engine/observe/log.hpp"
#include "engine/observe/route_warning.hpp"
#include "graph/spec/server_kind.hpp"
#include "graph/units/proxied.hpp"
#include "graph/units/registry.hpp"
#include "graph/units/remote.hpp"

namespace infergraph::engine {

using protocol::Protocol;
using protocol::Transport;

namespace {

// Kept for callers who come when there are no others.
constexpr int kSpareDescriptors = 16;
// Large messages that may wait for a thread: what each holds is bounded besides.
constexpr std::size_t kMostWaitingWork = 1024;
// Scrapes that may wait.
constexpr std::size_t kMostWaitingPages = 64;
// What pages of metrics may hold together: several of any graph, and no lone one is refused.
constexpr std::size_t kMostPageBytes = std::size_t{64} << 20;
constexpr std::size_t kMostPageBytesOfNode = std::size_t{64} << 10;
// Start-up waits this long for the first answers of the name server.
constexpr auto kFirstResolve = std::chrono::milliseconds(200);
// How long what was logged before may take, so that the reason stands last.
constexpr auto kLastLines = std::chrono::milliseconds(500);
// Descriptors that the process has without a connection, and those beyond --max_connections.
constexpr std::size_t kOwnFiles = 256;

// A node that is never called has no endpoint to be ready.
bool is_remote(const graph::NodeSpec& node) { return !graph::is_in_process(node); }

// Where readiness looks for a node that can be called both ways: as the reference, at service_port.
std::uint16_t probed_port(const graph::Endpoint& endpoint, Transport transport, bool health) {
  if (endpoint.service_port != 0 && !health) return endpoint.service_port;
  return transport == Transport::kRest ? endpoint.http_port : endpoint.grpc_port;
}

const std::string& host_of(const graph::Endpoint& endpoint, Transport transport) {
  const bool own = transport == Transport::kGrpc && !endpoint.grpc_host.empty();
  return own ? endpoint.grpc_host : endpoint.service_host;
}

// What callers may speak: what was asked for, and tensorflow where a TensorFlow Serving is a node,
// since its own clients are then a step away.
Protocols served_protocols(const Options& options, const graph::PredictorSpec& predictor) {
  Protocols served = read_protocols(options.protocol).value_or(Protocols{Protocol::kSeldon});
  const bool has_server = std::any_of(
      predictor.nodes.begin(), predictor.nodes.end(),
      [](const graph::NodeSpec& node) { return node.implementation_name == "TENSORFLOW_SERVER"; });
  const bool is_listed =
      std::find(served.begin(), served.end(), Protocol::kTensorflow) != served.end();
  if (has_server && !is_listed) served.push_back(Protocol::kTensorflow);
  return served;
}

// Whether a caller may be of another protocol than a node that answers him.
bool is_mixed(const graph::PredictorSpec& predictor, const std::vector<Protocol>& protocols) {
  for (const graph::NodeSpec& node : predictor.nodes) {
    const auto protocol = is_remote(node) ? graph::server_kind_of(node, protocols.front()).protocol
                                          : Protocol::kSeldon;
    for (const Protocol spoken : protocols) {
      if (spoken != protocol) return true;
    }
  }
  return false;
}

// Of a whole call to the node: its own setting, else what holds for all.
std::optional<std::chrono::milliseconds> timeout_of(
    const graph::NodeSpec& node, std::optional<std::chrono::milliseconds> of_all) {
  if (!node.settings.timeout) return of_all;
  if (node.settings.timeout->count() == 0) return std::nullopt;
  return node.settings.timeout;
}

}  // namespace

Server::Server(const Options& options, const graph::PredictorSpec& predictor,
               const graph::Annotated& annotations)
    : options_(options),
      protocols_(served_protocols(options, predictor)),
      is_single_(predictor.nodes.size() == 1),
      is_mixed_(is_mixed(predictor, protocols_)),
      metrics_(family_options(options, predictor, io_thread_count(options.threads))),
      runtime_(metrics_.shards() - 1),
      resolver_(options.dns_refresh),
      grpc_thread_(runtime_.size()),
      transport_(grpc_thread_,
                 {options.connect_timeout, options.max_response_bytes, options.max_header_bytes}),
      work_budget_(std::make_shared<WorkBudget>(
          options.max_work_bytes.value_or(default_work_bytes()), "--max_work_bytes")),
      page_budget_(std::make_shared<WorkBudget>(kMostPageBytes +
                                                predictor.nodes.size() * kMostPageBytesOfNode)),
      work_(std::make_unique<WorkPool>(work_thread_count(), kMostWaitingWork)),
      pages_(std::make_unique<WorkPool>(1, kMostWaitingPages)) {
  watch_threads();
  auto servers = servers_to_find(predictor);
  readiness_ = std::make_unique<Readiness>(control_, readiness_targets(predictor),
                                           Readiness::Options{}, transport_, &metrics_.ready());
  server_watch_ =
      std::make_unique<ServerWatch>(control_, std::move(servers), ServerWatch::Options{},
                                    transport_, [this] { readiness_->state().found_changed(); });
  for (int i = 0; i < runtime_.size(); ++i) {
    seats_.push_back(make_seat(predictor, annotations, i));
  }
  grpc_seat_ = make_grpc_seat(predictor, annotations);
  grpc_front_ =
      std::make_unique<GrpcFront>(grpc_thread_, *grpc_seat_.api, front_options(annotations));
  resolver_.wait_for_first_round(kFirstResolve);
}

Server::~Server() {
  // What ends calls needs all loops; what the loops touch goes after them.
  listener_.reset();
  readiness_->state().on_change([](bool) {});
  grpc_front_->drain(std::chrono::milliseconds(0));
  server_watch_.reset();
  readiness_.reset();
  // No request is left, and so no work but what may be on its last lines.
  work_.reset();
  pages_.reset();
  // Before the gRPC thread, to which its threads may still be posting.
  runtime_.stop();
  grpc_thread_.stop();
}

void Server::watch_threads() {
  metrics_.add_work_load([budget = work_budget_, work = work_.get()] {
    metrics::WorkLoad load;
    load.bytes = static_cast<double>(budget->taken());
    load.waiting = static_cast<double>(work->waiting());
    load.running = static_cast<double>(work->running());
    return load;
  });
  for (int i = 0; i < runtime_.size(); ++i) {
    IoThread& thread = runtime_.thread(i);
    thread.exceptions = &metrics_.exceptions(i);
    thread.connections.set_lag(&metrics_.loop_lag(i, "io-" + std::to_string(i)));
  }
  const int grpc = grpc_thread_.index();
  grpc_thread_.set_metrics(&metrics_.loop_lag(grpc, "grpc"), &metrics_.exceptions(grpc));
}

metrics::FamilyOptions Server::family_options(const Options& options,
                                              const graph::PredictorSpec& predictor, int threads) {
  metrics::FamilyOptions made;
  made.deployment_name = options.sdep;
  made.predictor_name = predictor.name.empty() ? options.predictor : predictor.name;
  made.predictor_version = predictor.version();
  if (!options.histogram_buckets.empty()) made.bounds = options.histogram_buckets;
  made.summaries = options.metrics_summaries;
  made.shards = threads + 1;  // the last one is the gRPC thread's
  made.version = INFERGRAPH_VERSION;
  made.log_lines_dropped = log::dropped_lines;
  return made;
}

std::vector<ServerWatch::Server> Server::servers_to_find(const graph::PredictorSpec& predictor) {
  std::vector<ServerWatch::Server> servers;
  for (const graph::NodeSpec& node : predictor.nodes) {
    if (!is_remote(node)) continue;
    const graph::ServerKind kind = graph::server_kind_of(node, protocols_.front());
    if (kind.names.empty()) continue;
    const graph::Endpoint& endpoint = kind.direct ? *kind.direct : node.endpoint;
    ServerWatch::Server server;
    server.node = node.name;
    server.names = kind.names;
    server.has_proxy = kind.may_be_proxy;
    server.found = found_[&node] = std::make_shared<graph::FoundServer>();
    if (graph::is_callable(endpoint, Transport::kRest)) {
      server.rest = resolver_.book(endpoint.service_host, endpoint.http_port);
    }
    if (graph::is_callable(endpoint, Transport::kGrpc)) {
      server.grpc = resolver_.book(host_of(endpoint, Transport::kGrpc), endpoint.grpc_port);
    }
    servers.push_back(std::move(server));
  }
  return servers;
}

std::vector<Readiness::Target> Server::readiness_targets(const graph::PredictorSpec& predictor) {
  // By what is asked of whom; of models of protocol tensorflow each by itself.
  using Key = std::tuple<std::string, std::uint16_t, Transport, Protocol, bool, std::string>;
  std::map<Key, Readiness::Target> targets;
  for (const graph::NodeSpec& node : predictor.nodes) {
    if (!is_remote(node)) continue;
    const graph::ServerKind kind = graph::server_kind_of(node, protocols_.front());
    const bool is_direct = kind.direct && !kind.may_be_proxy;
    const graph::Endpoint& endpoint = is_direct ? *kind.direct : node.endpoint;
    const auto transport =
        graph::is_callable(endpoint, Transport::kRest) ? Transport::kRest : Transport::kGrpc;
    const bool full = node.settings.full_health_checks.value_or(options_.full_health_checks);
    const auto port = probed_port(endpoint, transport, full);
    const auto protocol = kind.may_be_proxy ? Protocol::kSeldon : kind.protocol;
    const std::string& host = host_of(endpoint, transport);
    const bool by_model = full && protocol == Protocol::kTensorflow;
    auto& target =
        targets[{host, port, transport, protocol, full, by_model ? kind.model.name : ""}];
    target.book = resolver_.book(host, port);
    target.nodes.push_back(node.name);
    target.transport = transport;
    target.protocol = protocol;
    target.model = kind.model.name;
    target.full_health_check = full;
    // Its status is the health of a model server, under whichever name it answers.
    const bool is_told = kind.may_be_proxy || (full && !kind.names.empty());
    target.found.push_back(is_told ? found_.at(&node) : nullptr);
  }
  std::vector<Readiness::Target> list;
  list.reserve(targets.size());
  for (auto& [key, target] : targets) list.push_back(std::move(target));
  return list;
}

std::unique_ptr<graph::Unit> Server::make_unit(const graph::NodeSpec& node,
                                               const MakeClients& make_clients) const {
  if (!is_remote(node)) return graph::make_built_in(node, options_.max_response_bytes);
  const graph::ServerKind kind = graph::server_kind_of(node, protocols_.front());
  const auto make = [&](const graph::Endpoint& endpoint, Protocol protocol,
                        const std::string& model) -> std::unique_ptr<graph::Unit> {
    graph::RemoteUnit::Options unit;
    unit.protocol = protocol;
    unit.model = kind.model;
    unit.model.name = model;
    unit.is_only = is_single_;
    unit.aggregate_body = node.settings.aggregate_body;
    unit.max_decoded = node.settings.max_response_bytes.value_or(options_.max_response_bytes);
    unit.on_odd_route = route_warning(node.name);
    return std::make_unique<graph::RemoteUnit>(make_clients({node, endpoint, protocol, model}),
                                               std::move(unit));
  };
  const graph::Endpoint& endpoint = kind.direct ? *kind.direct : node.endpoint;
  auto usual = kind.may_be_proxy ? make(node.endpoint, Protocol::kSeldon, kind.model.name)
                                 : make(endpoint, kind.protocol, kind.model.name);
  if (kind.names.empty()) return usual;
  // One unit for each way in which the server may be found.
  graph::ProxiedUnit::ByName rest;
  graph::ProxiedUnit::ByName grpc;
  graph::Endpoint rest_only = endpoint;
  graph::Endpoint grpc_only = endpoint;
  rest_only.grpc_port = 0;
  grpc_only.http_port = 0;
  for (const std::string& name : kind.names) {
    if (graph::is_callable(rest_only, Transport::kRest)) {
      rest.push_back(make(rest_only, kind.protocol, name));
    }
    if (graph::is_callable(grpc_only, Transport::kGrpc)) {
      grpc.push_back(make(grpc_only, kind.protocol, name));
    }
  }
  return std::make_unique<graph::ProxiedUnit>(std::move(rest), std::move(grpc), std::move(usual),
                                              found_.at(&node));
}

std::unique_ptr<Server::Seat> Server::make_seat(const graph::PredictorSpec& predictor,
                                                const graph::Annotated& annotations, int index) {
  auto seat = std::make_unique<Seat>();
  const auto post_home = [&context = runtime_.thread(index).context](std::function<void()> work) {
    boost::asio::post(context, std::move(work));
  };
  seat->work = std::make_unique<WorkDesk>(*work_, work_budget_, post_home, &metrics_, index);
  seat->pages = std::make_unique<WorkDesk>(*pages_, page_budget_, post_home, nullptr, index);
  const GrpcCaller caller{&runtime_.thread(index).context, index};
  seat->predictor = make_predictor(
      predictor,
      [&](const graph::NodeSpec& node) {
        return make_unit(node, [&](const NodePlace& place) {
          graph::NodeClients clients;
          if (graph::is_callable(place.endpoint, Transport::kRest)) {
            clients.rest = make_rest_node(place, *seat, annotations, index);
            seat->rest_nodes[place.key()] = clients.rest;
          }
          if (graph::is_callable(place.endpoint, Transport::kGrpc)) {
            clients.grpc = make_grpc_node(place, annotations, caller);
          }
          return clients;
        });
      },
      index);

  RestApiOptions api;
  api.deployment = options_.sdep;
  api.namespace_ = options_.namespace_;
  api.metrics_path = options_.prometheus_path;
  api.allowed_origins = options_.cors_allowed_origins;
  api.allowed_headers = options_.cors_allowed_headers;
  api.max_decoded = options_.max_response_bytes;
  api.protocols = protocols_;
  api.work = seat->work.get();
  api.pages = seat->pages.get();
  seat->api = std::make_unique<RestApi>(std::move(api), *seat->predictor, readiness_->state(),
                                        metrics_, index);
  return seat;
}

Server::GrpcSeat Server::make_grpc_seat(const graph::PredictorSpec& predictor,
                                        const graph::Annotated& annotations) {
  GrpcSeat seat;
  const int shard = grpc_thread_.index();
  seat.work = std::make_unique<WorkDesk>(
      *work_, work_budget_,
      [this](std::function<void()> work) { grpc_thread_.post(std::move(work)); }, &metrics_, shard);
  seat.predictor = make_predictor(
      predictor,
      [&](const graph::NodeSpec& node) {
        return make_unit(node, [&](const NodePlace& place) {
          graph::NodeClients clients;
          if (graph::is_callable(place.endpoint, Transport::kRest)) {
            clients.rest = make_posted_node(place);
          }
          if (graph::is_callable(place.endpoint, Transport::kGrpc)) {
            clients.grpc = make_grpc_node(place, annotations, {nullptr, shard});
          }
          return clients;
        });
      },
      shard);
  GrpcApiOptions api;
  api.root = predictor.nodes.front().name;
  api.max_decoded = options_.max_response_bytes;
  api.protocols = protocols_;
  api.keeps_requests = is_mixed_;
  if (is_single_) seat.relay = make_relay(predictor.nodes.front());
  api.v2_relay = seat.relay.get();
  api.work = seat.work.get();
  seat.api = std::make_unique<GrpcApi>(std::move(api), *seat.predictor, readiness_->state(),
                                       metrics_, shard);
  return seat;
}

std::unique_ptr<Predictor> Server::make_predictor(const graph::PredictorSpec& predictor,
                                                  const graph::Plan::UnitFactory& make_unit,
                                                  int shard) {
  const auto count_self_time = [&](graph::PlanNode& node) {
    node.self_time = &metrics_.node_self_seconds(shard, node.name);
  };
  Predictor::Options walking;
  walking.max_decoded = options_.max_response_bytes;
  walking.inject_routing = options_.inject_routing;
  return std::make_unique<Predictor>(graph::Plan::make(predictor, make_unit, count_self_time),
                                     walking);
}

std::shared_ptr<graph::NodeClient> Server::make_rest_node(const NodePlace& place, Seat& seat,
                                                          const graph::Annotated& annotations,
                                                          int index) {
  const graph::NodeSpec& node = place.node;
  MessageLimits limits;
  limits.header = options_.max_header_bytes;
  limits.body = node.settings.max_response_bytes.value_or(options_.max_response_bytes);
  seat.pools.push_back(std::make_unique<HttpPool>(
      runtime_.thread(index), resolver_.book(place.endpoint.service_host, place.endpoint.http_port),
      limits, metrics_.node_connections(index, node.name)));
  RestNodeOptions calling;
  calling.timeout = timeout_of(node, annotations.rest_timeout);
  calling.connect_timeout = node.settings.connect_timeout.value_or(options_.connect_timeout);
  calling.protocol = place.protocol;
  calling.model = place.model;
  return logged(node.name, place.endpoint.service_host, place.endpoint.http_port,
                std::make_shared<RestNode>(node.name, *seat.pools.back(), calling, &metrics_,
                                           node.image, node.image_version));
}

std::shared_ptr<graph::NodeClient> Server::make_posted_node(const NodePlace& place) {
  std::vector<PostedNode::OnThread> places;
  places.reserve(seats_.size());
  for (int i = 0; i < runtime_.size(); ++i) {
    places.push_back(
        {&runtime_.thread(i), seats_[static_cast<std::size_t>(i)]->rest_nodes.at(place.key())});
  }
  return std::make_shared<PostedNode>(grpc_thread_, std::move(places));
}

GrpcChannelOptions Server::channel_options(const graph::NodeSpec& node) const {
  GrpcChannelOptions made = transport_.options();
  made.connect_timeout = node.settings.connect_timeout.value_or(made.connect_timeout);
  made.max_answer = node.settings.max_response_bytes.value_or(made.max_answer);
  return made;
}

std::shared_ptr<graph::NodeClient> Server::make_grpc_node(const NodePlace& place,
                                                          const graph::Annotated& annotations,
                                                          GrpcCaller caller) {
  const graph::NodeSpec& node = place.node;
  auto channels = std::make_unique<GrpcChannels>(
      transport_,
      resolver_.book(host_of(place.endpoint, Transport::kGrpc), place.endpoint.grpc_port),
      channel_options(node));
  GrpcNodeOptions calling;
  calling.timeout = timeout_of(node, annotations.grpc_timeout);
  calling.protocol = place.protocol;
  return logged(node.name, host_of(place.endpoint, Transport::kGrpc), place.endpoint.grpc_port,
                std::make_shared<GrpcNode>(node.name, node.type, std::move(channels), calling,
                                           caller, &metrics_, node.image, node.image_version));
}

std::unique_ptr<GrpcRelay> Server::make_relay(const graph::NodeSpec& node) {
  if (!is_remote(node)) return nullptr;
  const graph::ServerKind kind = graph::server_kind_of(node, protocols_.front());
  const bool streams = kind.protocol == Protocol::kV2 && !kind.model.changes_answers() &&
                       kind.model.input_names.empty() &&
                       graph::is_callable(node.endpoint, Transport::kGrpc);
  if (!streams) return nullptr;
  auto channels = std::make_unique<GrpcChannels>(
      transport_, resolver_.book(node.endpoint.service_host, node.endpoint.grpc_port),
      channel_options(node));
  return std::make_unique<GrpcRelay>(node.name, V2Stream::kMethod, std::move(channels));
}

GrpcFrontOptions Server::front_options(const graph::Annotated& annotations) const {
  GrpcFrontOptions made;
  if (!options_.one_port) made.port = static_cast<std::uint16_t>(options_.grpc_port);
  made.max_message = saturated<int>(options_.grpc_max_message_size);
  if (!options_.grpc_max_message_size_given && annotations.grpc_max_message_size) {
    made.max_message = *annotations.grpc_max_message_size;
  }
  if (!options_.bind.empty()) made.addresses = options_.bind;
  made.max_metadata = options_.max_header_bytes;
  made.max_streams = options_.grpc_max_streams;
  made.keepalive_time = options_.grpc_keepalive_time;
  made.keepalive_timeout = options_.grpc_keepalive_timeout;
  made.max_connection_age = options_.grpc_max_connection_age;
  return made;
}

ListenerOptions Server::listener_options() {
  ListenerOptions listening;
  listening.port = static_cast<std::uint16_t>(options_.http_port);
  listening.limits.header = options_.max_header_bytes;
  listening.limits.body = options_.max_body_bytes;
  listening.timeouts.head = options_.read_timeout;
  listening.timeouts.progress = options_.progress_timeout;
  listening.timeouts.idle = options_.idle_timeout;
  listening.max_connections = options_.max_connections;
  listening.addresses = options_.bind;
  listening.spare_descriptors = kSpareDescriptors;
  if (options_.one_port) {
    listening.take_http2 = [this](int descriptor, std::string_view read, bool is_room) {
      is_room ? grpc_front_->adopt(descriptor, read) : GrpcFront::turn_away(descriptor);
    };
  }
  return listening;
}

int Server::run() {
  std::vector<HttpListener::ThreadService> places;
  places.reserve(seats_.size());
  for (int i = 0; i < runtime_.size(); ++i) {
    places.push_back({seats_[static_cast<std::size_t>(i)]->api.get(), &metrics_.connections_open(i),
                      &metrics_.connections_refused(i)});
  }

  signals_.async_wait([this](boost::system::error_code ec, int signal) {
    if (ec) return;
    control_.context.stop();  // first, since there may be no memory for a line
    log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  });

  const auto grpc_port = grpc_front_->open();
  start_threads();
  listener_ = std::make_unique<HttpListener>(runtime_, listener_options(), places);
  const auto port = grpc_port ? listener_->open() : grpc_port;
  if (!port) {
    log::flush(kLastLines);
    std::fprintf(stderr, "infergraph: %s\n", port.error().message().c_str());
    return 1;
  }
  readiness_->state().on_change([this](bool ready) { grpc_front_->set_serving(ready); });
  const std::size_t open_files = raise_open_files();
  const auto needed = static_cast<std::size_t>(options_.max_connections) + kOwnFiles;
  if (open_files < needed) {
    log::warn(
        "fewer open files are allowed than --max_connections needs, and calls to nodes besides",
        {{"open_files", open_files}, {"needed", needed}});
  }
  log::info("listening", {{"http_port", *port},
                          {"grpc_port", options_.one_port ? *port : *grpc_port},
                          {"deployment", options_.sdep},
                          {"namespace", options_.namespace_},
                          {"predictor", options_.predictor},
                          {"threads", runtime_.size()},
                          {"open_files", open_files}});
  readiness_->start();
  server_watch_->start();
  control_.run();

  // A second ^C ends the process at once, as it does by default; a second SIGTERM changes nothing.
  signals_.remove(SIGINT);
  const bool clean = drain();
  log::info(clean ? "stopped" : "stopped with requests unfinished", {});
  return clean ? 0 : 1;
}

int Server::most_threads_at_start(const Options& options) {
  // The log's, gRPC's, the resolver's, one to drain with, and of gRPC's library its timers,
  // executors, and a pool that has one for each processor.
  constexpr int kOthers = 10;
  const int pool = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 16);
  return io_thread_count(options.threads) + pool + kOthers;
}

void Server::start_threads() {
  try {
    grpc_thread_.start();
    runtime_.start();
  } catch (const std::system_error& error) {
    give_up("can't start a thread: " + error.code().message());
  }
}

bool Server::drain() {
  readiness_->state().stop_serving();
  listener_->wind_down();
  std::this_thread::sleep_for(DrainLimits::wind_down(options_.shutdown_delay));
  // First of all, so that who is accepted last on a shared port still finds gRPC there.
  listener_->stop_listening();
  // Beside REST's drain, or after it when there is no thread to be had.
  auto grpc = std::async(std::launch::async | std::launch::deferred,
                         [this] { return grpc_front_->drain(options_.graceful_timeout); });
  const bool rest_is_clean = listener_->drain(options_.graceful_timeout);
  // Looked at before the wait for gRPC, which may take until the very end too.
  if (!rest_is_clean) tell_what_is_cut();
  const bool grpc_is_clean = grpc.get();
  if (!grpc_is_clean) log::warn("gRPC calls cut", {{"calls", grpc_front_->unfinished()}});
  return rest_is_clean && grpc_is_clean;
}

void Server::tell_what_is_cut() {
  UnderWay nodes;
  for (int i = 0; i < runtime_.size(); ++i) {
    do_on(runtime_.thread(i), [&] {
      for (const auto& pool : seats_[static_cast<std::size_t>(i)]->pools) {
        const AddressBook& book = pool->book();
        if (pool->calls() == 0) continue;
        nodes.add(book.host() + ":" + std::to_string(book.port()), pool->calls());
      }
    });
  }
  const UnderWay requests = listener_->under_way();
  log::warn("requests cut", {{"requests", requests.total()},
                             {"paths", requests.text()},
                             {"calls", nodes.total()},
                             {"nodes", nodes.text()}});
}

}  // namespace infergraph::engine
