#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "engine/front/http_service.hpp"
#include "engine/http/connection.hpp"
#include "engine/http/message_reader.hpp"
#include "engine/runtime.hpp"
#include "engine/ticker.hpp"
#include "metrics/cells.hpp"

namespace infergraph::engine {

/// How long a caller may take.
struct SessionTimeouts {
  Clock::duration head = std::chrono::seconds(10);      ///< for a whole head
  Clock::duration progress = std::chrono::seconds(30);  ///< without progress in a body or a write
  Clock::duration idle = std::chrono::seconds(65);      ///< between requests
};

/// Goes on with a connection that speaks HTTP/2 with prior knowledge: owns the descriptor, and gets
/// what was read from it. Called on the session's thread.
using TakeHttp2 = std::function<void(int descriptor, std::string_view read)>;

class HttpSession;

/// What the sessions of one I/O thread share.
/// Threads: its own. Outlives its sessions.
struct SessionHost {
  IoThread& io;
  HttpService& service;
  MessageLimits limits;
  SessionTimeouts timeouts;
  metrics::GaugeCell* open_gauge = nullptr;  ///< connections; null when nobody counts
  std::unordered_set<HttpSession*> sessions;
  bool winding_down = false;  ///< every answer says Connection: close
  bool draining = false;      ///< idle connections end
  std::function<void()> on_session_end;
  TakeHttp2 take_http2;  ///< empty: nothing is looked for

  SessionHost(IoThread& io_thread, HttpService& its_service, MessageLimits its_limits,
              SessionTimeouts its_timeouts)
      : io(io_thread), service(its_service), limits(its_limits), timeouts(its_timeouts) {}

  /// The value of the Date header, made once a second.
  std::string_view date();

 private:
  std::int64_t date_second_ = 0;
  std::string date_;
};

/// One caller's connection: reads requests, hands them to the service, writes the answers, in
/// order.
///
/// Threads: one. Lives in the coroutine that serve() is.
/// Cancellation: the caller's end during a request cancels it through HttpRequest::cancel.
class HttpSession final : private Connection::Watcher, private Timed {
 public:
  HttpSession(SessionHost& host, Socket socket);
  ~HttpSession() override;

  /// Serves until the connection ends. `overloaded`: says so and ends at once.
  static graph::Awaitable<void> serve(SessionHost& host, Socket socket, bool overloaded);

  /// Ends the connection if no request is under way on it; else after the answer.
  void drain();
  /// Ends the connection now, whatever is under way.
  void cut();

 private:
  enum class State : std::uint8_t { kIdle, kHead, kBody, kServing, kWriting, kLingering };

  graph::Awaitable<void> run();
  graph::Awaitable<bool> read_request();
  graph::Awaitable<bool> answer_request();
  graph::Awaitable<void> refuse(protocol::Status why);
  graph::Awaitable<bool> write(const HttpResponse& response, bool close);
  graph::Awaitable<void> linger();
  void enter(State state, Clock::duration limit);
  enum class Opening : std::uint8_t { kHttp1, kMaybeHttp2, kHttp2 };
  Opening opening() const;
  void hand_over();
  bool request_is_sane();
  void continue_if_expected();

  void on_bytes_or_end() override;
  void on_deadline() override;

  SessionHost& host_;
  boost::intrusive_ptr<Connection> connection_;
  RequestReader reader_;
  std::string head_;          // of the answer; keeps its capacity
  std::string header_lines_;  // the service's
  graph::CancelScope* request_ = nullptr;
  State state_ = State::kIdle;
  bool timed_out_ = false;
  bool continued_ = false;
  bool maybe_http2_ = false;  // while the first bytes may still be HTTP/2's
  bool served_any_ = false;
  bool is_head_ = false;
};

}  // namespace infergraph::engine
