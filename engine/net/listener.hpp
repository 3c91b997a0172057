#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "engine/net/acceptor.hpp"
#include "engine/net/http1/message_reader.hpp"
#include "engine/net/http1/session.hpp"
#include "engine/net/http_service.hpp"
#include "engine/net/places.hpp"
#include "engine/net/runtime.hpp"
#include "engine/net/spare_descriptors.hpp"
#include "engine/net/under_way.hpp"
#include "metrics/cells.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

struct ListenerOptions {
  std::uint16_t port = 0;  ///< 0: the system picks one
  MessageLimits limits;
  SessionTimeouts timeouts;
  int max_connections = 10000;
  TakeHttp2 take_http2;                ///< empty: HTTP/2 is not for this port
  std::vector<std::string> addresses;  ///< literals to bind to; empty: all, IPv6 and IPv4
  /// As many callers are let in when the process has run out of descriptors; the last one is for
  /// turning others away.
  int spare_descriptors = 0;
};

/// Accepts callers on one port and deals them to the I/O threads in turn. One thread accepts for
/// all, and not each for itself with SO_REUSEPORT, which hides a taken port, deals few connections
/// unevenly and drops its backlog when it closes.
///
/// Threads: made, drained and destroyed by one thread that is none of the runtime's; the runtime
/// must run from open() until the listener has been destroyed.
class HttpListener {
 public:
  /// Per I/O thread: the service behind it, and the gauges that it keeps (null for none).
  struct ThreadService {
    HttpService* service = nullptr;
    metrics::GaugeCell* open_connections = nullptr;
    metrics::CounterCell* refused = nullptr;
  };

  HttpListener(Runtime& runtime, const ListenerOptions& options,
               const std::vector<ThreadService>& services);
  /// Cuts what is left.
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;
  HttpListener& operator=(const HttpListener&) = delete;

  /// Binds the port and accepts. Error: the port is taken, an address isn't ours.
  protocol::Result<std::uint16_t> open();

  /// Every answer from now on says Connection: close, so that callers go elsewhere; new connections
  /// are still taken.
  void wind_down();
  /// Takes every connection whose handshake has begun, then no more. Those that are open go on.
  /// False if something was thrown.
  bool stop_listening();
  /// Stops listening; ends idle connections; the others end after their answer. True if none is
  /// left within `limit`, and nothing was thrown.
  bool drain(std::chrono::milliseconds limit);
  /// The paths of the requests that are under way.
  UnderWay under_way();

 private:
  class Accepted;

  void accept(Acceptor& acceptor);
  void accept_again(Acceptor& acceptor);
  void on_accepted(Acceptor& acceptor, boost::system::error_code ec, Socket socket,
                   std::size_t thread);
  void accept_the_rest(Acceptor& acceptor);
  bool accept_one(Acceptor& acceptor);
  bool rests_for_shortage(Acceptor& acceptor, boost::system::error_code ec);
  void rest(Acceptor& acceptor);
  void deal(Socket socket, std::size_t thread) noexcept;
  void let_in(Socket socket, std::size_t thread);
  void serve(Socket socket, std::size_t thread, Place place);
  void turn_away(Socket socket, const char* why);
  template <typename Function>
  bool on_thread(std::size_t index, const Function& function) noexcept;

  Runtime& runtime_;
  ListenerOptions options_;
  Places places_;
  std::vector<std::unique_ptr<SessionHost>> hosts_;
  // The first thread's, which accepts.
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<Acceptor*> resting_;  // for want of descriptors
  boost::asio::steady_timer retry_;
  SpareDescriptors spares_;
  std::size_t next_thread_ = 0;
  std::string turned_away_head_;
  bool stopped_listening_ = false;
};

}  // namespace infergraph::engine
