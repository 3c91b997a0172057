#include "engine/readiness.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/node/exhaustion.hpp"
#include "engine/node/grpc.hpp"
#include "engine/observe/log.hpp"
#include "engine/observe/tell_exception.hpp"
#include "graph/units/model_request.hpp"
#include "protocol/caught.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;

namespace {

constexpr int kNoPath = 404;
// Instead of a timer, which takes memory.
constexpr auto kNoMemoryPause = std::chrono::milliseconds(1);

std::string host_of(const AddressBook& book) {
  return book.host() + ":" + std::to_string(book.port());
}

}  // namespace

// Asks one address for its health.
struct Readiness::Health {
  Health(IoThread& control, const Target& target, const std::shared_ptr<AddressBook>& book,
         protocol::Protocol protocol, const Options& options, GrpcTransport& transport)
      : pool(control, book, MessageLimits{std::size_t{64} << 10, std::size_t{1} << 20},
             std::nullopt) {
    const std::string& node = target.nodes.front();
    // Of protocol v2 the server is asked, of tensorflow the model.
    const bool has_model = protocol != protocol::Protocol::kV2;
    if (target.transport == protocol::Transport::kGrpc) {
      clients.push_back(std::make_unique<GrpcNode>(
          node, graph::NodeType::kModel, std::make_unique<GrpcChannels>(transport, book),
          GrpcNodeOptions{options.timeout, protocol, has_model}, GrpcCaller{&control.context, 0},
          nullptr, "", ""));
    } else {
      RestNodeOptions calling{options.timeout, options.timeout, protocol,
                              has_model ? target.model : ""};
      // The reference asks the first; components of its first years have the second alone.
      if (protocol == protocol::Protocol::kSeldon) {
        calling.status_path = "/api/v1.0/health/status";
        clients.push_back(std::make_unique<RestNode>(node, pool, calling, nullptr, "", ""));
        calling.status_path = "/health/status";
      }
      clients.push_back(std::make_unique<RestNode>(node, pool, calling, nullptr, "", ""));
      // Where the path is a model's, 404 means that there is no such model.
      may_lack_path = protocol != protocol::Protocol::kTensorflow;
    }
    if (target.transport == protocol::Transport::kGrpc) {
      request = graph::model_request(protocol, protocol::Method::kStatus, target.transport,
                                     has_model ? target.model : "");
    }
  }

  HttpPool pool;
  /// The ways to ask, any of which counts; the one that was answered last comes first.
  std::vector<std::unique_ptr<graph::NodeClient>> clients;
  bool may_lack_path = false;
  protocol::Payload request;
};

// One endpoint under watch.
struct Readiness::Probe {
  Probe(IoThread& control, Target its_target, const Options& options, GrpcTransport& transport)
      : target(std::move(its_target)), timer(control.context) {
    health =
        std::make_unique<Health>(control, target, target.book, target.protocol, options, transport);
  }

  std::string host() const { return host_of(*target.book); }

  Target target;
  asio::steady_timer timer;
  std::unique_ptr<Health> health;
  CancelScope cancel;      // of the look under way
  bool looked = false;     // at least once
  bool missing = true;     // counted in missing_
  bool exhausted = false;  // the look failed for want of a descriptor, or threw
  bool told_exhausted = false;
  std::string error = "not probed yet";  // empty when the endpoint is up
};

namespace {

// Closes a socket that takes too long to connect, or when the probes end.
class Closer final : public Cancellable, public Timed {
 public:
  Closer(Socket& socket, CancelScope& scope) : socket_(socket) { scope.add(*this); }
  void cancel() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }
  void on_deadline() override {
    deadline = Clock::time_point::max();
    cancel();
  }

 private:
  Socket& socket_;
};

}  // namespace

Readiness::Readiness(IoThread& control, std::vector<Target> targets, Options options,
                     GrpcTransport& transport, metrics::GaugeCell* gauge)
    : control_(control), options_(options), gauge_(gauge), missing_(targets.size()) {
  for (Target& target : targets) {
    probes_.push_back(std::make_unique<Probe>(control, std::move(target), options_, transport));
  }
  update();
}

Readiness::~Readiness() {
  // The probes look into what goes with this object, so they end first.
  ending_ = true;
  for (const auto& probe : probes_) {
    probe->timer.cancel();
    probe->cancel.cancel();
  }
  control_.context.restart();
  while (watching_ > 0) control_.run_one();
}

void Readiness::start() {
  for (const auto& probe : probes_) {
    asio::co_spawn(control_.context, watch(*probe),
                   [this](const std::exception_ptr&) { --watching_; });
    ++watching_;  // once it has begun, or the end would wait for it for ever
  }
}

void Readiness::on_change(std::function<void(bool ready)> told) {
  told_ = std::move(told);
  told_(ready());
}

void Readiness::stop_serving() {
  stopping_ = true;
  update();
}

void Readiness::found_changed() {
  for (const auto& probe : probes_) {
    if (!probe->target.found.empty()) count(*probe);
  }
  update();
}

bool Readiness::is_needed(const Target& target, std::size_t node) {
  return node >= target.found.size() || target.found[node] == nullptr || !target.found[node]->any();
}

bool Readiness::is_needed(const Target& target) {
  for (std::size_t i = 0; i < target.nodes.size(); ++i) {
    if (is_needed(target, i)) return true;
  }
  return false;
}

void Readiness::count(Probe& probe) {
  const bool is_missing = !probe.error.empty() && is_needed(probe.target);
  if (is_missing != probe.missing) missing_ += is_missing ? std::size_t{1} : std::size_t(-1);
  probe.missing = is_missing;
}

void Readiness::update() {
  const bool ready = missing_ == 0 && !stopping_;
  const bool was_ready = ready_.exchange(ready, std::memory_order_acq_rel);
  if (ready != was_ready && told_) told_(ready);
  if (gauge_ != nullptr) gauge_->set(ready ? 1 : 0);
}

Awaitable<void> Readiness::watch(Probe& probe) {
  while (!ending_) {
    // Whatever was thrown: who is not watched any more stays up, or missing, for ever.
    try {
      co_await look_once(probe);
    } catch (...) {
      tell_exception("readiness", nullptr);
    }
    if (ending_) break;
    try {
      co_await pause(probe);
    } catch (...) {
      std::this_thread::sleep_for(kNoMemoryPause);
    }
  }
}

Awaitable<void> Readiness::look_once(Probe& probe) {
  std::string error = co_await try_look(probe);
  if (ending_) co_return;
  const bool exhausted = std::exchange(probe.exhausted, false);
  if (exhausted && !error.empty()) {
    // The engine couldn't look: that tells nothing of the node.
    if (!std::exchange(probe.told_exhausted, true)) {
      log::error("can't look for a node", {{"node", probe.target.nodes.front()}, {"error", error}});
    }
    count(probe);
    update();
    co_return;
  }
  probe.told_exhausted = false;
  const bool was_up = probe.error.empty();
  const bool is_first = !std::exchange(probe.looked, true);
  const bool is_news = error.empty() != was_up || is_first;
  if (is_news && is_needed(probe.target)) {
    const std::string_view node = probe.target.nodes.front();
    const std::string host = probe.host();
    if (error.empty()) {
      log::info("node is up", {{"node", node}, {"host", host}});
    } else {
      log::warn("node is missing", {{"node", node}, {"host", host}, {"error", error}});
    }
  }
  {
    const std::lock_guard lock(mutex_);
    probe.error = std::move(error);
  }
  count(probe);
  update();
}

Awaitable<std::string> Readiness::try_look(Probe& probe) {
  try {
    co_return co_await look(probe);
  } catch (...) {
    probe.exhausted = true;
    co_return protocol::caught().message();
  }
}

Awaitable<void> Readiness::pause(Probe& probe) {
  probe.timer.expires_after(probe.missing ? options_.interval_missing : options_.interval);
  co_await probe.timer.async_wait(asio::as_tuple(asio::deferred));
}

Awaitable<std::string> Readiness::look(Probe& probe) {
  Health& health = *probe.health;
  if (!probe.target.full_health_check) co_return co_await connect(probe, health.pool.book());
  graph::CallTimes times;
  graph::CallContext context;
  context.puid = "readiness-probe";
  context.cancel = &probe.cancel;
  context.times = &times;
  std::string error;
  bool has_path = false;
  for (auto& client : health.clients) {
    const auto answer = co_await client->call(protocol::Method::kStatus, health.request, context);
    if (answer) {
      std::swap(client, health.clients.front());
      co_return "";
    }
    const protocol::Status& failure = answer.error();
    if (failure.code() == protocol::Code::kOverloaded) probe.exhausted = true;
    if (!failure.answer()) co_return failure.message();
    const int status = failure.answer()->status();
    if (!has_path) error = "the health path answered " + std::to_string(status);
    has_path = has_path || status != kNoPath;
  }
  // It answers, and has no such path: as good as accepting a connection.
  if (!has_path && health.may_lack_path) co_return "";
  co_return error;
}

Awaitable<std::string> Readiness::connect(Probe& probe, const AddressBook& book) {
  std::string error = book.version() == 0 ? "can't resolve: " + book.error() : "";
  for (const TcpEndpoint& address : book.addresses()) {
    if (ending_) break;
    Socket socket(control_.context);
    Closer closer(socket, probe.cancel);
    closer.deadline = Clock::now() + options_.timeout;
    control_.calls.watch(closer);
    const auto [ec] = co_await socket.async_connect(address, asio::as_tuple(asio::deferred));
    if (!ec && socket.is_open()) co_return "";
    if (is_exhaustion(ec)) probe.exhausted = true;
    error = ec == asio::error::operation_aborted ? "no connection in time" : ec.message();
  }
  co_return error;
}

std::string Readiness::report() const {
  rapidjson::StringBuffer text;
  rapidjson::Writer<rapidjson::StringBuffer> writer(text);
  const std::lock_guard lock(mutex_);
  std::string info;
  for (const auto& probe : probes_) {
    if (probe->error.empty()) continue;
    for (std::size_t i = 0; i < probe->target.nodes.size(); ++i) {
      if (!is_needed(probe->target, i)) continue;
      info += info.empty() ? "missing: " : ", ";
      info += probe->target.nodes[i] + " (" + probe->host() + ": " + probe->error + ")";
    }
  }
  if (info.empty()) info = "stopping";
  writer.StartObject();
  writer.Key("status");
  writer.StartObject();
  writer.Key("code");
  writer.Int(503);
  writer.Key("info");
  writer.String(info);
  writer.Key("reason");
  writer.String("UNAVAILABLE");
  writer.Key("status");
  writer.String("FAILURE");
  writer.EndObject();
  writer.Key("missing");
  writer.StartArray();
  for (const auto& probe : probes_) {
    if (probe->error.empty()) continue;
    for (std::size_t i = 0; i < probe->target.nodes.size(); ++i) {
      if (is_needed(probe->target, i)) writer.String(probe->target.nodes[i]);
    }
  }
  writer.EndArray();
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

}  // namespace infergraph::engine
