#include "engine/front/http_listener.hpp"

#include <future>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include "engine/front/handshakes.hpp"
#include "engine/observe/log.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How long accepting rests when the process is out of descriptors.
constexpr auto kAcceptPause = std::chrono::milliseconds(50);
// How long the last handshakes get before the listener closes: many times what one takes within a
// cluster, and little beside the second after which a caller repeats a SYN that was dropped.
constexpr auto kLastHandshakes = std::chrono::milliseconds(20);

}  // namespace

HttpListener::HttpListener(Runtime& runtime, const ListenerOptions& options,
                           const std::vector<Seat>& seats)
    : runtime_(runtime),
      options_(options),
      acceptor_(runtime.thread(0).context),
      retry_(runtime.thread(0).context) {
  for (std::size_t i = 0; i < seats.size(); ++i) {
    auto host = std::make_unique<SessionHost>(runtime.thread(static_cast<int>(i)),
                                              *seats[i].service, options.limits, options.timeouts);
    host->open_gauge = seats[i].open_connections;
    host->take_http2 = options_.take_http2;
    host->on_session_end = [this] { open_.fetch_sub(1, std::memory_order_release); };
    hosts_.push_back(std::move(host));
    refused_.push_back(seats[i].refused);
  }
}

HttpListener::~HttpListener() {
  on_thread(0, [this] {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  });
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    on_thread(i, [&host = *hosts_[i]] {
      for (HttpSession* session : host.sessions) session->cut();
    });
  }
  // The accept that close() aborted may be queued behind the first turn after it, not the second.
  on_thread(0, [] {});
  // What was cut ends within a turn of its loop.
  while (open_.load(std::memory_order_acquire) > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

template <typename Function>
void HttpListener::on_thread(std::size_t index, Function function) {
  std::promise<void> done;
  asio::post(runtime_.thread(static_cast<int>(index)).context, [&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

protocol::Result<std::uint16_t> HttpListener::open() {
  boost::system::error_code ec;
  const auto bind = [&](const tcp::endpoint& endpoint) {
    ec.clear();
    acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(Acceptor::reuse_address(true), ec);
    if (!ec && endpoint.protocol() == tcp::v6()) {
      acceptor_.set_option(asio::ip::v6_only(false), ec);
    }
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(Acceptor::max_listen_connections, ec);
    return !ec;
  };
  if (!options_.address.empty()) {
    const auto address = asio::ip::make_address(options_.address, ec);
    if (!ec) bind({address, options_.port});
  } else if (!bind({tcp::v6(), options_.port}) && ec != asio::error::address_in_use) {
    // A kernel without IPv6.
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    bind({tcp::v4(), options_.port});
  }
  if (ec) {
    return protocol::Status(
        protocol::Code::kUnavailable,
        "failed to listen on port " + std::to_string(options_.port) + ": " + ec.message());
  }
  acceptor_.non_blocking(true);
  const std::uint16_t port = acceptor_.local_endpoint().port();
  asio::post(runtime_.thread(0).context, [this] { accept(); });
  return port;
}

void HttpListener::accept() {
  const std::size_t seat = next_seat_;
  next_seat_ = (next_seat_ + 1) % hosts_.size();
  acceptor_.async_accept(
      runtime_.thread(static_cast<int>(seat)).context,
      [this, seat](boost::system::error_code ec, Socket socket) {
        if (!ec) {
          deal(std::move(socket), seat);  // also when a drain has closed the acceptor meanwhile
        } else if (ec == asio::error::no_descriptors || ec == asio::error::no_buffer_space) {
          log::error_limited("can't accept", {{"error", ec.message()}});
          retry_.expires_after(kAcceptPause);
          retry_.async_wait([this](boost::system::error_code cancelled) {
            if (!cancelled) accept();
          });
          return;
        }
        if (acceptor_.is_open()) accept();
      });
}

void HttpListener::deal(Socket socket, std::size_t seat) {
  const bool overloaded = open_.fetch_add(1, std::memory_order_relaxed) >= options_.max_connections;
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  SessionHost& host = *hosts_[seat];
  asio::post(
      host.io.context, [this, &host, seat, overloaded, socket = std::move(socket)]() mutable {
        if (overloaded && refused_[seat] != nullptr) refused_[seat]->add();
        asio::co_spawn(host.io.context, HttpSession::serve(host, std::move(socket), overloaded),
                       [](const std::exception_ptr& thrown) {
                         if (thrown) log::error_limited("a session threw", {});
                       });
      });
}

void HttpListener::wind_down() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    on_thread(i, [&host = *hosts_[i]] { host.winding_down = true; });
  }
}

void HttpListener::stop_listening() {
  if (std::exchange(stopped_listening_, true)) return;
  // Closing a listener resets those whose handshake ended after the last accept: so at first none
  // may begin, and then all that had begun are taken.
  on_thread(0, [this] {
    if (acceptor_.is_open()) drop_new_handshakes(acceptor_.native_handle());
  });
  std::this_thread::sleep_for(kLastHandshakes);
  on_thread(0, [this] {
    accept_the_rest();
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
}

// What the kernel has accepted has been promised an answer.
void HttpListener::accept_the_rest() {
  for (;;) {
    const std::size_t seat = next_seat_;
    Socket socket(runtime_.thread(static_cast<int>(seat)).context);
    boost::system::error_code ec;
    acceptor_.accept(socket, ec);
    // One that has been reset meanwhile says nothing of those behind it.
    if (ec == asio::error::connection_aborted || ec == asio::error::interrupted) continue;
    if (ec) return;
    next_seat_ = (seat + 1) % hosts_.size();
    deal(std::move(socket), seat);
  }
}

bool HttpListener::drain(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  stop_listening();
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    on_thread(i, [&host = *hosts_[i]] {
      host.draining = true;
      const auto sessions = host.sessions;  // draining one ends it and changes the set
      for (HttpSession* session : sessions) session->drain();
    });
  }
  while (open_.load(std::memory_order_acquire) > 0 && Clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return open_.load(std::memory_order_acquire) == 0;
}

}  // namespace infergraph::engine
