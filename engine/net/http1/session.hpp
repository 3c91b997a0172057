#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/net/connection.hpp"
#include "engine/net/http1/message_reader.hpp"
#include "engine/net/http1/session_host.hpp"
#include "engine/net/http_service.hpp"
#include "engine/net/places.hpp"
#include "engine/net/ticker.hpp"

namespace infergraph::engine {

/// One caller's connection: reads requests, hands them to the service, writes the answers, in
/// order.
///
/// Threads: one. Lives in the coroutine that serve() is.
/// Cancellation: the caller's end during a request cancels it through HttpRequest::cancel.
class HttpSession final : private Connection::Watcher, private Timed, private Caller {
 public:
  HttpSession(SessionHost& host, Socket socket, Place place);
  ~HttpSession() override;

  /// Serves until the connection ends. A place of the reserve is for one answer: to a request that
  /// is served when all is full too, or that we are.
  static Awaitable<void> serve(SessionHost& host, Socket socket, Place place);

  /// Ends the connection if no request is under way on it; else after the answer.
  void drain();
  /// Ends the connection now, whatever is under way.
  void cut();
  /// What a drain waits for: the path of the request, or a word on it; "" for nothing. Valid until
  /// the session goes on.
  std::string_view under_way() const;

 private:
  enum class State : std::uint8_t { kIdle, kHead, kBody, kServing, kWriting, kLingering };

  Awaitable<void> run();
  Awaitable<bool> read_request();
  Awaitable<bool> answer_request();
  Awaitable<void> refuse(protocol::Status why);
  Awaitable<bool> write(const HttpResponse& response, bool close);
  Awaitable<void> linger();
  void enter(State state, Clock::duration limit);
  enum class Opening : std::uint8_t { kHttp1, kMaybeHttp2, kHttp2 };
  Opening opening() const;
  void hand_over();
  Clock::duration idle_limit() const;
  bool head_is_good();
  // Why a head that isn't good is refused, a message that is at fault, one that didn't come.
  protocol::Status objection() const;
  protocol::Status fault() const;
  protocol::Status slowness() const;
  protocol::Status no_room() const;
  void continue_if_expected();

  std::uint64_t key() const override { return reinterpret_cast<std::uintptr_t>(this); }
  void on_bytes_or_end() override;
  void on_deadline() override;

  Place place_;  // the first, so that it is given back last
  SessionHost& host_;
  boost::intrusive_ptr<Connection> connection_;
  RequestReader reader_;
  std::string head_;              // of the answer; keeps its capacity
  protocol::HeaderList headers_;  // the service's, likewise
  CancelScope* request_ = nullptr;
  State state_ = State::kIdle;
  bool timed_out_ = false;
  bool answered_ = false;  // something of the answer has gone out
  bool continued_ = false;
  bool head_checked_ = false;
  bool maybe_http2_ = false;  // while the first bytes may still be HTTP/2's
  bool served_any_ = false;
  bool is_head_ = false;
};

}  // namespace infergraph::engine
