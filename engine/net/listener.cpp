#include "engine/net/listener.hpp"

#include <array>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/async/post_surely.hpp"
#include "engine/net/do_on.hpp"
#include "engine/net/drain_limits.hpp"
#include "engine/net/grace.hpp"
#include "engine/net/handshakes.hpp"
#include "engine/net/http1/response_head.hpp"
#include "engine/observe/log.hpp"
#include "engine/observe/tell_exception.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;
using asio::ip::tcp;
using protocol::Code;
using protocol::Status;

namespace {

// How many connections beyond the limit may have their heads read, and how many that were refused
// are waited for until they have seen it.
constexpr int kReserve = 64;
constexpr int kMostLingering = 64;
// How long accepting rests when the process is out of descriptors, and of spare ones.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);

}  // namespace

HttpListener::HttpListener(Runtime& runtime, const ListenerOptions& options,
                           const std::vector<ThreadService>& services)
    : runtime_(runtime),
      options_(options),
      places_({options.max_connections, kReserve, kMostLingering}),
      retry_(runtime.thread(0).context),
      spares_(options.spare_descriptors) {
  for (std::size_t i = 0; i < services.size(); ++i) {
    auto host =
        std::make_unique<SessionHost>(runtime.thread(static_cast<int>(i)), *services[i].service,
                                      options.limits, options.timeouts);
    host->open_gauge = services[i].open_connections;
    host->refused = services[i].refused;
    host->take_http2 = options_.take_http2;
    hosts_.push_back(std::move(host));
  }
}

HttpListener::~HttpListener() {
  on_thread(0, [this] {
    boost::system::error_code ignored;
    for (const auto& acceptor : acceptors_) acceptor->close(ignored);
    retry_.cancel();
  });
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    on_thread(i, [&host = *hosts_[i]] {
      host.closed = true;
      for (HttpSession* session : host.sessions) session->cut();
    });
  }
  // The accept that close() aborted may be queued behind the first turn after it, not the second.
  on_thread(0, [] {});
  places_.wait_until_free();  // what was cut ends within a turn of its loop
}

template <typename Function>
bool HttpListener::on_thread(std::size_t index, const Function& function) noexcept {
  return do_on(runtime_.thread(static_cast<int>(index)), function);
}

protocol::Result<std::uint16_t> HttpListener::open() {
  auto listening = listen_on(runtime_.thread(0).context, options_.port, options_.addresses);
  if (!listening) return listening.error();
  acceptors_ = *std::move(listening);
  for (const auto& acceptor : acceptors_) {
    asio::post(runtime_.thread(0).context, [this, &acceptor = *acceptor] { accept(acceptor); });
  }
  return acceptors_.front()->local_endpoint().port();
}

// What one accept ends in. Asio destroys it uncalled when there was no memory for the socket.
class HttpListener::Accepted {
 public:
  Accepted(HttpListener& listener, Acceptor& acceptor, std::size_t thread)
      : listener_(&listener), acceptor_(&acceptor), thread_(thread) {}
  Accepted(Accepted&& other) noexcept
      : listener_(std::exchange(other.listener_, nullptr)),
        acceptor_(other.acceptor_),
        thread_(other.thread_) {}
  Accepted(const Accepted&) = delete;
  Accepted& operator=(const Accepted&) = delete;
  Accepted& operator=(Accepted&&) = delete;
  ~Accepted() {
    if (listener_ != nullptr) listener_->accept_again(*acceptor_);
  }

  void operator()(boost::system::error_code ec, Socket socket) {
    std::exchange(listener_, nullptr)->on_accepted(*acceptor_, ec, std::move(socket), thread_);
  }

 private:
  HttpListener* listener_;
  Acceptor* acceptor_;
  std::size_t thread_;
};

void HttpListener::accept(Acceptor& acceptor) {
  const std::size_t thread = next_thread_;
  next_thread_ = (next_thread_ + 1) % hosts_.size();
  acceptor.async_accept(runtime_.thread(static_cast<int>(thread)).context,
                        Accepted(*this, acceptor, thread));
}

// Whatever became of the last one, or nobody would be let in any more.
void HttpListener::accept_again(Acceptor& acceptor) {
  post_surely([this, &acceptor] {
    asio::post(runtime_.thread(0).context, [this, &acceptor] {
      if (acceptor.is_open()) accept(acceptor);
    });
  });
}

void HttpListener::on_accepted(Acceptor& acceptor, boost::system::error_code ec, Socket socket,
                               std::size_t thread) {
  if (!ec) {
    deal(std::move(socket), thread);  // also when a drain has closed the acceptor meanwhile
  } else if (is_shortage(ec)) {
    try {
      if (rests_for_shortage(acceptor, ec)) return;
    } catch (...) {
      tell_exception("listener", runtime_.thread(0).exceptions);
    }
  }
  if (acceptor.is_open()) accept(acceptor);
}

// Somebody waits for us, and there is no descriptor for him but one of the spare ones; else true.
bool HttpListener::rests_for_shortage(Acceptor& acceptor, boost::system::error_code ec) {
  log::error_limited("can't accept", {{"error", ec.message()}});
  spares_.refill();
  if (!spares_.give_up_one()) {
    rest(acceptor);
    return true;
  }
  Socket socket(runtime_.thread(0).context);
  acceptor.accept(socket, ec);
  if (!ec) deal(std::move(socket), 0);
  return false;
}

void HttpListener::rest(Acceptor& acceptor) {
  if (resting_.empty()) {
    retry_.expires_after(kAcceptPause);
    retry_.async_wait([this](boost::system::error_code cancelled) {
      if (cancelled) return;
      for (Acceptor* rested : std::exchange(resting_, {})) accept_again(*rested);
    });
  }
  resting_.push_back(&acceptor);  // not before somebody will wake it
}

// What is thrown costs this one his connection, and nobody else anything.
void HttpListener::deal(Socket socket, std::size_t thread) noexcept {
  try {
    let_in(std::move(socket), thread);
  } catch (...) {
    tell_exception("listener", runtime_.thread(0).exceptions);
  }
}

void HttpListener::let_in(Socket socket, std::size_t thread) {
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  // Whoever has the descriptor that a spare one is to become again gives it back after one answer.
  spares_.refill();
  Place place = spares_.full()       ? places_.take()
                : spares_.left() > 0 ? places_.take_spare()
                                     : Place();
  if (place) {
    serve(std::move(socket), thread, std::move(place));
  } else {
    turn_away(std::move(socket), spares_.full() ? kTooManyConnections : kOutOfDescriptors);
    spares_.refill();
  }
}

void HttpListener::serve(Socket socket, std::size_t thread, Place place) {
  SessionHost& host = *hosts_[thread];
  asio::post(host.io.context, [&host, socket = std::move(socket),
                               place = std::move(place)]() mutable {
    asio::co_spawn(host.io.context, HttpSession::serve(host, std::move(socket), std::move(place)),
                   [](const std::exception_ptr& thrown) {
                     if (thrown) log::error_limited("a session threw", {});
                   });
  });
}

// Answers at once whatever he may want, here and now, so that nothing piles up.
void HttpListener::turn_away(Socket socket, const char* why) {
  SessionHost& host = *hosts_[0];
  if (host.refused != nullptr) host.refused->add();
  protocol::HeaderList headers;
  const HttpResponse response = host.service.refuse(Status(Code::kOverloaded, why), headers);
  write_head(turned_away_head_, response,
             {host.fixed_lines, headers.fields(), host.date(), false, true});
  Connection connection(std::move(socket));
  Outgoing outgoing(turned_away_head_, response.body.bytes());
  boost::system::error_code ec;
  connection.write_now(outgoing, ec);
  // What is left unread would make close() a reset, which may overtake the answer.
  std::array<char, 4096> unread{};
  connection.socket().non_blocking(true, ec);
  connection.socket().shutdown(Socket::shutdown_send, ec);
  connection.socket().read_some(asio::buffer(unread), ec);
}

void HttpListener::wind_down() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    on_thread(i, [&host = *hosts_[i]] { host.winding_down = true; });
  }
}

bool HttpListener::stop_listening() {
  if (std::exchange(stopped_listening_, true)) return true;
  // Closing a listener resets those whose handshake ended after the last accept: so at first none
  // may begin, and then all that had begun are taken.
  on_thread(0, [this] {
    for (const auto& acceptor : acceptors_) drop_new_handshakes(acceptor->native_handle());
  });
  std::this_thread::sleep_for(DrainLimits::kLastHandshakes);
  return on_thread(0, [this] {
    retry_.cancel();
    boost::system::error_code ignored;
    for (const auto& acceptor : acceptors_) {
      accept_the_rest(*acceptor);
      acceptor->close(ignored);
    }
  });
}

// What the kernel has accepted has been promised an answer.
void HttpListener::accept_the_rest(Acceptor& acceptor) {
  for (bool more = true; more;) {
    try {
      more = accept_one(acceptor);
    } catch (...) {
      tell_exception("listener", runtime_.thread(0).exceptions);  // as deal() does
    }
  }
}

// False when there is none.
bool HttpListener::accept_one(Acceptor& acceptor) {
  const std::size_t thread = next_thread_;
  Socket socket(runtime_.thread(static_cast<int>(thread)).context);
  boost::system::error_code ec;
  acceptor.accept(socket, ec);
  // One that has been reset meanwhile says nothing of those behind it.
  if (ec == asio::error::connection_aborted || ec == asio::error::interrupted) return true;
  if (is_shortage(ec) && spares_.give_up_one()) return true;
  if (ec) return false;
  next_thread_ = (thread + 1) % hosts_.size();
  deal(std::move(socket), thread);
  return true;
}

bool HttpListener::drain(std::chrono::milliseconds limit) {
  Grace grace(Clock::now(), limit, {});
  bool clean = stop_listening();
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const bool told = on_thread(i, [&host = *hosts_[i]] {
      host.draining = true;
      const auto sessions = host.sessions;  // draining one ends it and changes the set
      for (HttpSession* session : sessions) session->drain();
    });
    clean = clean && told;
  }
  while (!grace.over(Clock::now(), places_.taken())) places_.wait_until_free(grace.end());
  return clean && places_.taken() == 0;
}

UnderWay HttpListener::under_way() {
  UnderWay found;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    on_thread(i, [&host = *hosts_[i], &found] {
      for (const HttpSession* session : host.sessions) {
        if (const auto what = session->under_way(); !what.empty()) found.add(what);
      }
    });
  }
  return found;
}

}  // namespace infergraph::engine
