#include "engine/server.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include "engine/front_options.hpp"
#include "engine/host/cpu_count.hpp"
#include "engine/host/process.hpp"
#include "engine/net/do_on.hpp"
#include "engine/net/drain_limits.hpp"
#include "engine/observe/log.hpp"

namespace infergraph::engine {

namespace {

// Start-up waits this long for the first answers of the name server.
constexpr auto kFirstResolve = std::chrono::milliseconds(200);
// How long what was logged before may take, so that the reason stands last.
constexpr auto kLastLines = std::chrono::milliseconds(500);
// Descriptors that the process has without a connection, and those beyond --max_connections.
constexpr std::size_t kOwnFiles = 256;

// Gives how many may be open.
std::size_t raise_open_files_for(const Options& options) {
  const std::size_t open_files = raise_open_files();
  const auto needed = static_cast<std::size_t>(options.max_connections) + kOwnFiles;
  if (open_files < needed) {
    log::warn(
        "fewer open files are allowed than --max_connections needs, and calls to nodes besides",
        {{"open_files", open_files}, {"needed", needed}});
  }
  return open_files;
}

}  // namespace

Server::Server(const Options& options, const graph::PredictorSpec& predictor,
               const graph::Annotated& annotations)
    : options_(options),
      graph_(options_, predictor),
      // The last shard is the gRPC thread's.
      metrics_(family_options(options_, predictor, io_thread_count(options.threads) + 1)),
      runtime_(metrics_.shards() - 1),
      resolver_(options.dns_refresh),
      grpc_thread_(runtime_.size()),
      transport_(grpc_thread_, channel_options(options_)),
      work_(options_, predictor.nodes.size(), metrics_) {
  watch_threads();
  node_watch_ = std::make_unique<NodeWatch>(control_, graph_, options_.full_health_checks,
                                            resolver_, transport_, &metrics_.ready());
  ThreadPartsMaker maker({options_, annotations, graph_, metrics_, runtime_, resolver_,
                          grpc_thread_, transport_, work_, *node_watch_});
  for (int i = 0; i < runtime_.size(); ++i) io_parts_.push_back(maker.make_io(i));
  grpc_parts_ = maker.make_grpc(io_parts_);
  grpc_front_ = std::make_unique<GrpcFront>(grpc_thread_, *grpc_parts_.api,
                                            grpc_front_options(options_, annotations));
  resolver_.wait_for_first_round(kFirstResolve);
}

Server::~Server() {
  // What ends calls needs all loops; what the loops touch goes after them.
  listener_.reset();
  node_watch_->ready().on_change([](bool) {});
  grpc_front_->drain(std::chrono::milliseconds(0));
  node_watch_.reset();
  // No request is left, and so no work but what may be on its last lines.
  work_.close();
  // Before the gRPC thread, to which its threads may still be posting.
  runtime_.stop();
  grpc_thread_.stop();
}

void Server::watch_threads() {
  for (int i = 0; i < runtime_.size(); ++i) {
    IoThread& thread = runtime_.thread(i);
    thread.exceptions = &metrics_.exceptions(i);
    thread.connections.set_lag(&metrics_.loop_lag(i, "io-" + std::to_string(i)));
  }
  const int grpc = grpc_thread_.index();
  grpc_thread_.set_metrics(&metrics_.loop_lag(grpc, "grpc"), &metrics_.exceptions(grpc));
}

void Server::make_listener() {
  std::vector<HttpListener::ThreadService> services;
  services.reserve(io_parts_.size());
  for (int i = 0; i < runtime_.size(); ++i) {
    services.push_back({io_parts_[static_cast<std::size_t>(i)]->api.get(),
                        &metrics_.connections_open(i), &metrics_.connections_refused(i)});
  }
  ListenerOptions listening = listener_options(options_);
  if (options_.one_port) {
    listening.take_http2 = [this](int descriptor, std::string_view read, bool is_room) {
      is_room ? grpc_front_->adopt(descriptor, read) : GrpcFront::turn_away(descriptor);
    };
  }
  listener_ = std::make_unique<HttpListener>(runtime_, listening, services);
}

int Server::run() {
  stop_at_signals();
  const auto grpc_port = grpc_front_->open();
  start_threads();
  make_listener();
  const auto port = grpc_port ? listener_->open() : grpc_port;
  if (!port) {
    log::flush(kLastLines);
    std::fprintf(stderr, "infergraph: %s\n", port.error().message().c_str());
    return 1;
  }
  node_watch_->ready().on_change([this](bool ready) { grpc_front_->set_serving(ready); });
  tell_listening(*port, options_.one_port ? *port : *grpc_port);
  node_watch_->start();
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

void Server::stop_at_signals() {
  signals_.async_wait([this](boost::system::error_code ec, int signal) {
    if (ec) return;
    control_.context.stop();  // first, since there may be no memory for a line
    log::info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  });
}

void Server::start_threads() {
  try {
    grpc_thread_.start();
    runtime_.start();
  } catch (const std::system_error& error) {
    give_up("can't start a thread: " + error.code().message());
  }
}

void Server::tell_listening(std::uint16_t http_port, std::uint16_t grpc_port) const {
  const std::size_t open_files = raise_open_files_for(options_);
  log::info("listening", {{"http_port", http_port},
                          {"grpc_port", grpc_port},
                          {"deployment", options_.sdep},
                          {"namespace", options_.namespace_},
                          {"predictor", options_.predictor},
                          {"threads", runtime_.size()},
                          {"open_files", open_files}});
}

// Phase by phase; DrainLimits tells them.
bool Server::drain() {
  node_watch_->ready().stop_serving();
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
      for (const auto& pool : io_parts_[static_cast<std::size_t>(i)]->pools) {
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
