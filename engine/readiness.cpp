#include "engine/readiness.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/node/grpc_node.hpp"
#include "engine/observe/log.hpp"
#include "graph/units/model_request.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;

namespace {

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
      client = std::make_unique<GrpcNode>(node, graph::NodeType::kModel,
                                          std::make_unique<GrpcChannels>(transport, book),
                                          GrpcNodeOptions{options.timeout, protocol, has_model},
                                          GrpcCaller{&control.context, 0}, nullptr, "", "");
    } else {
      client = std::make_unique<RestNode>(node, pool,
                                          RestNodeOptions{options.timeout, options.timeout,
                                                          protocol, has_model ? target.model : ""},
                                          nullptr, "", "");
    }
    if (target.transport == protocol::Transport::kGrpc) {
      request = graph::model_request(protocol, protocol::Method::kStatus, target.transport,
                                     has_model ? target.model : "");
    }
  }

  HttpPool pool;
  std::unique_ptr<graph::NodeClient> client;
  protocol::Payload request;
};

// One endpoint under watch.
struct Readiness::Probe {
  Probe(IoThread& control, Target its_target, const Options& options, GrpcTransport& transport)
      : target(std::move(its_target)), timer(control.context) {
    health =
        std::make_unique<Health>(control, target, target.book, target.protocol, options, transport);
    if (target.direct) {
      direct = std::make_unique<Health>(control, target, target.direct,
                                        protocol::Protocol::kTensorflow, options, transport);
    }
  }

  std::string host() const {
    const bool is_direct = target.found && target.found->load();
    return host_of(is_direct ? *target.direct : *target.book);
  }

  Target target;
  asio::steady_timer timer;
  std::unique_ptr<Health> health;
  std::unique_ptr<Health> direct;
  graph::CancelScope cancel;             // of the look under way
  bool looked = false;                   // at least once
  std::string error = "not probed yet";  // empty when the endpoint is up
};

namespace {

// Closes a socket that takes too long to connect, or when the probes end.
class Closer final : public graph::Cancellable, public Timed {
 public:
  Closer(Socket& socket, graph::CancelScope& scope) : socket_(socket) { scope.add(*this); }
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
  while (watching_ > 0) control_.context.run_one();
}

void Readiness::start() {
  for (const auto& probe : probes_) {
    ++watching_;
    asio::co_spawn(control_.context, watch(*probe), [this](const std::exception_ptr& thrown) {
      if (thrown) log::error("a readiness probe threw", {});
      --watching_;
    });
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

void Readiness::update() {
  const bool ready = missing_ == 0 && !stopping_;
  const bool was_ready = ready_.exchange(ready, std::memory_order_acq_rel);
  if (ready != was_ready && told_) told_(ready);
  if (gauge_ != nullptr) gauge_->set(ready ? 1 : 0);
}

graph::Awaitable<void> Readiness::watch(Probe& probe) {
  while (!ending_) {
    std::string error = co_await look(probe);
    if (ending_) break;
    const bool was_up = probe.error.empty();
    if (error.empty() != was_up) missing_ += was_up ? std::size_t{1} : std::size_t(-1);
    const bool is_first = !std::exchange(probe.looked, true);
    if (error.empty() != was_up || is_first) {
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
    update();
    probe.timer.expires_after(probe.error.empty() ? options_.interval : options_.interval_missing);
    co_await probe.timer.async_wait(asio::as_tuple(asio::deferred));
  }
}

graph::Awaitable<std::string> Readiness::look(Probe& probe) {
  if (!probe.direct) co_return co_await look_at(probe, *probe.health);
  std::string error = co_await look_at(probe, *probe.direct);
  if (probe.target.found->load()) co_return error;
  if (error.empty() && !ending_) {
    probe.target.found->store(true);
    log::info("the model server is called directly",
              {{"node", probe.target.nodes.front()}, {"host", host_of(*probe.target.direct)}});
    co_return "";
  }
  co_return co_await look_at(probe, *probe.health);
}

graph::Awaitable<std::string> Readiness::look_at(Probe& probe, Health& health) {
  if (!options_.full_health_checks) co_return co_await connect(probe, health.pool.book());
  graph::CallTimes times;
  graph::CallContext context;
  context.puid = "readiness-probe";
  context.cancel = &probe.cancel;
  context.times = &times;
  const auto answer =
      co_await health.client->call(protocol::Method::kStatus, health.request, context);
  if (answer) co_return "";
  if (answer.error().answer()) {
    co_return "the health path answered " + std::to_string(answer.error().answer()->status());
  }
  co_return answer.error().message();
}

graph::Awaitable<std::string> Readiness::connect(Probe& probe, const AddressBook& book) {
  std::string error = book.version() == 0 ? "can't resolve: " + book.error() : "";
  for (const TcpEndpoint& address : book.addresses()) {
    if (ending_) break;
    Socket socket(control_.context);
    Closer closer(socket, probe.cancel);
    closer.deadline = Clock::now() + options_.timeout;
    control_.calls.watch(closer);
    const auto [ec] = co_await socket.async_connect(address, asio::as_tuple(asio::deferred));
    if (!ec && socket.is_open()) co_return "";
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
    for (const std::string& node : probe->target.nodes) {
      info += info.empty() ? "missing: " : ", ";
      info += node + " (" + probe->host() + ": " + probe->error + ")";
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
    for (const std::string& node : probe->target.nodes) writer.String(node);
  }
  writer.EndArray();
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

}  // namespace infergraph::engine
