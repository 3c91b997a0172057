#include "engine/readiness.hpp"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/node/exhaustion.hpp"
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

std::vector<ReadyState::Endpoint> endpoints_of(const std::vector<Readiness::Target>& targets) {
  std::vector<ReadyState::Endpoint> made;
  made.reserve(targets.size());
  for (const auto& target : targets) {
    made.push_back({host_of(*target.book), target.nodes, target.found});
  }
  return made;
}

void tell(ReadyState::News news, const Readiness::Target& target, const std::string& error) {
  const std::string_view node = target.nodes.front();
  switch (news) {
    case ReadyState::News::kNone:
      break;
    case ReadyState::News::kUp:
      log::info("node is up", {{"node", node}, {"host", host_of(*target.book)}});
      break;
    case ReadyState::News::kMissing:
      log::warn("node is missing",
                {{"node", node}, {"host", host_of(*target.book)}, {"error", error}});
      break;
    case ReadyState::News::kExhausted:
      log::error("can't look for a node", {{"node", node}, {"error", error}});
      break;
  }
}

}  // namespace

// Asks one address for its health.
struct Readiness::HealthCheck {
  HealthCheck(IoThread& control, const Target& target, const Options& options,
              const NodeFactory& nodes) {
    NodeAccess access;
    access.node = target.nodes.front();
    access.protocol = target.protocol;
    // Of protocol v2 the server is asked, of tensorflow the model.
    access.has_model = target.protocol != protocol::Protocol::kV2;
    if (access.has_model) access.model = target.model;
    if (target.transport == protocol::Transport::kGrpc) {
      access.limits = nodes.grpc_limits();
      access.limits.timeout = options.timeout;
      clients.push_back(nodes.make_grpc(access, target.book, &control));
      request = graph::model_request(target.protocol, protocol::Method::kStatus, target.transport,
                                     access.model);
      return;
    }
    access.limits = status_limits(options.timeout);
    pool = nodes.make_pool(control, access, target.book);
    // The reference asks the first; components of its first years have the second alone.
    if (target.protocol == protocol::Protocol::kSeldon) {
      access.status_path = "/api/v1.0/health/status";
      clients.push_back(nodes.make_rest(access, *pool));
      access.status_path = "/health/status";
    }
    clients.push_back(nodes.make_rest(access, *pool));
    // Where the path is a model's, 404 means that there is no such model.
    may_lack_path = target.protocol != protocol::Protocol::kTensorflow;
  }

  std::unique_ptr<HttpPool> pool;  // over REST
  /// The ways to ask, any of which counts; the one that was answered last comes first.
  std::vector<std::shared_ptr<graph::NodeClient>> clients;
  bool may_lack_path = false;
  protocol::Payload request;
};

// One endpoint under watch.
struct Readiness::Probe {
  Probe(IoThread& control, Target its_target, std::size_t its_index, const Options& options,
        const NodeFactory& nodes)
      : target(std::move(its_target)),
        index(its_index),
        timer(control.context),
        health(control, target, options, nodes) {}

  Target target;
  std::size_t index;  // in the state
  asio::steady_timer timer;
  HealthCheck health;
  CancelScope cancel;  // of the look under way
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
                     const NodeFactory& nodes, metrics::GaugeCell* gauge)
    : control_(control),
      options_(options),
      state_(endpoints_of(targets), {options.interval, options.interval_missing}, gauge) {
  for (Target& target : targets) {
    probes_.push_back(
        std::make_unique<Probe>(control, std::move(target), probes_.size(), options_, nodes));
  }
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
  ReadyState::Look look = co_await try_look(probe);
  if (ending_) co_return;
  const std::string error = look.error;
  // Before it is told, since a line that has no memory must not keep it from being known.
  const ReadyState::News news = state_.take(probe.index, std::move(look));
  tell(news, probe.target, error);
}

Awaitable<ReadyState::Look> Readiness::try_look(Probe& probe) {
  try {
    co_return co_await look(probe);
  } catch (...) {
    co_return ReadyState::Look{protocol::caught().message(), true};
  }
}

Awaitable<void> Readiness::pause(Probe& probe) {
  probe.timer.expires_at(state_.next_look(probe.index, Clock::now()));
  co_await probe.timer.async_wait(asio::as_tuple(asio::deferred));
}

Awaitable<ReadyState::Look> Readiness::look(Probe& probe) {
  HealthCheck& health = probe.health;
  if (!probe.target.full_health_check) co_return co_await connect(probe, *probe.target.book);
  graph::CallTimes times;
  graph::CallContext context;
  context.puid = "readiness-probe";
  context.cancel = &probe.cancel;
  context.times = &times;
  ReadyState::Look seen;
  bool has_path = false;
  for (auto& client : health.clients) {
    const auto answer = co_await client->call(protocol::Method::kStatus, health.request, context);
    if (answer) {
      std::swap(client, health.clients.front());
      co_return ReadyState::Look{};
    }
    const protocol::Status& failure = answer.error();
    if (failure.code() == protocol::Code::kOverloaded) seen.exhausted = true;
    if (!failure.answer()) {
      seen.error = failure.message();
      co_return seen;
    }
    const int status = failure.answer()->status();
    if (!has_path) seen.error = "the health path answered " + std::to_string(status);
    has_path = has_path || status != kNoPath;
  }
  // It answers, and has no such path: as good as accepting a connection.
  if (!has_path && health.may_lack_path) seen.error.clear();
  co_return seen;
}

Awaitable<ReadyState::Look> Readiness::connect(Probe& probe, const AddressBook& book) {
  ReadyState::Look seen;
  if (book.version() == 0) seen.error = "can't resolve: " + book.error();
  for (const TcpEndpoint& address : book.addresses()) {
    if (ending_) break;
    Socket socket(control_.context);
    Closer closer(socket, probe.cancel);
    closer.deadline = Clock::now() + options_.timeout;
    control_.calls.watch(closer);
    const auto [ec] = co_await socket.async_connect(address, asio::as_tuple(asio::deferred));
    if (!ec && socket.is_open()) co_return ReadyState::Look{};
    if (is_exhaustion(ec)) seen.exhausted = true;
    seen.error = ec == asio::error::operation_aborted ? "no connection in time" : ec.message();
  }
  co_return seen;
}

}  // namespace infergraph::engine
