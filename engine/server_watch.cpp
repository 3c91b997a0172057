#include "engine/server_watch.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include "engine/observe/log.hpp"
#include "engine/observe/tell_exception.hpp"
#include "graph/units/model_request.hpp"
#include "protocol/tensorflow/metadata.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;
using graph::ServerFinder;
using graph::ServerLook;
using protocol::Method;
using protocol::Protocol;
using protocol::Transport;

namespace {

// Instead of a timer, which takes memory.
constexpr auto kNoMemoryPause = std::chrono::milliseconds(1);

ServerLook seen_in(const protocol::Result<protocol::Payload>& answer) {
  if (answer) {
    return protocol::has_available_version(*answer) ? ServerLook::kServes : ServerLook::kOther;
  }
  const bool is_late = answer.error().code() == protocol::Code::kDeadlineExceeded;
  return is_late ? ServerLook::kSilent : ServerLook::kOther;
}

}  // namespace

// One server over one transport.
struct ServerWatch::Look {
  // The server under one name.
  struct Name {
    std::shared_ptr<graph::NodeClient> client;
    protocol::Payload request;
  };

  Look(IoThread& control, const Server& server, Transport its_transport, const Options& options,
       const NodeFactory& nodes)
      : node(server.node),
        model_names(server.names),
        has_proxy(server.has_proxy),
        found(server.found),
        transport(its_transport),
        book(transport == Transport::kRest ? server.rest : server.grpc),
        timer(control.context) {
    const bool by_rest = transport == Transport::kRest;
    NodeAccess access;
    access.node = node;
    access.protocol = Protocol::kTensorflow;
    access.limits = by_rest ? status_limits(options.timeout) : nodes.grpc_limits();
    access.limits.timeout = options.timeout;
    if (by_rest) pool = nodes.make_pool(control, access, book);
    for (const std::string& name : model_names) {
      access.model = name;
      names.push_back(
          {by_rest ? nodes.make_rest(access, *pool) : nodes.make_grpc(access, book, &control),
           graph::model_request(Protocol::kTensorflow, Method::kStatus, transport, name)});
    }
  }

  std::string node;
  std::vector<std::string> model_names;
  bool has_proxy;
  std::shared_ptr<graph::FoundServer> found;
  Transport transport;
  std::shared_ptr<AddressBook> book;
  std::unique_ptr<HttpPool> pool;  // over REST
  std::vector<Name> names;
  asio::steady_timer timer;
  CancelScope cancel;
  ServerFinder finder;
};

ServerWatch::ServerWatch(IoThread& control, std::vector<Server> servers, Options options,
                         const NodeFactory& nodes, std::function<void()> changed)
    : control_(control), options_(options), changed_(std::move(changed)) {
  for (const Server& server : servers) {
    for (const Transport by : {Transport::kRest, Transport::kGrpc}) {
      if ((by == Transport::kRest ? server.rest : server.grpc) == nullptr) continue;
      looks_.push_back(std::make_unique<Look>(control, server, by, options, nodes));
    }
  }
}

ServerWatch::~ServerWatch() {
  ending_ = true;
  for (const auto& look : looks_) {
    look->timer.cancel();
    look->cancel.cancel();
  }
  control_.context.restart();
  while (watching_ > 0) control_.run_one();
}

void ServerWatch::start() {
  for (const auto& look : looks_) {
    asio::co_spawn(control_.context, watch(*look),
                   [this](const std::exception_ptr&) { --watching_; });
    ++watching_;  // once it has begun, or the end would wait for it for ever
  }
}

Awaitable<void> ServerWatch::watch(Look& look) {
  auto pause = options_.shortest;
  while (!ending_) {
    const bool was_found = look.finder.found() != ServerFinder::kProxy;
    // What was thrown told nothing of the server, and must not end the looks at it.
    try {
      const std::vector<ServerLook> seen = co_await look_at(look);
      if (!ending_) take(look, seen);
    } catch (...) {
      tell_exception("server watch", nullptr);
    }
    if (ending_) break;
    const bool is_found = look.finder.found() != ServerFinder::kProxy;
    if (was_found && !is_found) pause = options_.shortest;
    look.timer.expires_after(is_found ? options_.interval : pause);
    pause = std::min(2 * pause, options_.interval);
    try {
      co_await look.timer.async_wait(asio::as_tuple(asio::deferred));
    } catch (...) {
      std::this_thread::sleep_for(kNoMemoryPause);
    }
  }
}

Awaitable<std::vector<ServerLook>> ServerWatch::look_at(Look& look) {
  std::vector<ServerLook> seen(look.names.size(), ServerLook::kOther);
  // The name in use first, which mostly is the end of it.
  std::vector<std::size_t> order;
  const int found = look.finder.found();
  if (found != ServerFinder::kProxy) order.push_back(static_cast<std::size_t>(found));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (static_cast<int>(i) != found) order.push_back(i);
  }
  for (const std::size_t name : order) {
    graph::CallTimes times;
    graph::CallContext context;
    context.puid = "readiness-probe";
    context.cancel = &look.cancel;
    context.times = &times;
    context.deadline = Deadline::after(Clock::now(), options_.timeout);
    protocol::Payload request = look.names[name].request;
    const auto answer =
        co_await look.names[name].client->call(Method::kStatus, std::move(request), context);
    seen[name] = seen_in(answer);
    // Who hangs does so under every name.
    if (ending_ || seen[name] != ServerLook::kOther) break;
  }
  co_return seen;
}

void ServerWatch::take(Look& look, const std::vector<ServerLook>& seen) {
  const int before = look.finder.found();
  const int now = look.finder.take(seen);
  if (now == before) return;
  look.found->set(look.transport, now);
  changed_();  // first, since a line that has no memory must not keep it from being known
  tell(look, before, now);
}

void ServerWatch::tell(const Look& look, int before, int now) const {
  const std::string host = look.book->host() + ":" + std::to_string(look.book->port());
  const bool is_found = now != ServerFinder::kProxy;
  const std::string& model = look.model_names[is_found ? static_cast<std::size_t>(now) : 0];
  if (!is_found) {
    if (!look.has_proxy) return;  // readiness tells
    log::warn("the model server has stopped answering; its proxy is called",
              {{"node", look.node}, {"host", host}});
  } else if (look.has_proxy) {
    log::info("the model server is called directly",
              {{"node", look.node}, {"host", host}, {"model", model}});
  } else if (now != 0 && before != now) {
    log::warn("the model server knows its model by another name, which is used",
              {{"node", look.node},
               {"host", host},
               {"model", model},
               {"model_name", look.model_names.front()}});
  }
}

}  // namespace infergraph::engine
