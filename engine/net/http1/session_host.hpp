#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "engine/net/http1/message_reader.hpp"
#include "engine/net/http_service.hpp"
#include "engine/net/runtime.hpp"
#include "engine/net/ticker.hpp"
#include "metrics/cells.hpp"

namespace infergraph::engine {

/// How long a caller may take.
struct SessionTimeouts {
  Clock::duration head = std::chrono::seconds(10);      ///< for a whole head
  Clock::duration progress = std::chrono::seconds(30);  ///< without progress in a body or a write
  Clock::duration idle = std::chrono::seconds(65);      ///< between requests
};

/// Why a connection gets one answer and no more.
inline constexpr const char* kTooManyConnections = "too many connections (--max_connections)";
inline constexpr const char* kOutOfDescriptors = "out of file descriptors (ulimit -n)";

/// Goes on with a connection that speaks HTTP/2 with prior knowledge, or turns it away when there
/// is no room for one more: owns the descriptor, and gets what was read from it. Called on the
/// session's thread.
using TakeHttp2 = std::function<void(int descriptor, std::string_view read, bool is_room)>;

class HttpSession;

/// What the sessions of one I/O thread share.
/// Threads: its own. Outlives its sessions.
struct SessionHost {
  IoThread& io;
  HttpService& service;
  MessageLimits limits;
  SessionTimeouts timeouts;
  std::string fixed_lines;                   ///< those of the service's fixed headers
  metrics::GaugeCell* open_gauge = nullptr;  ///< connections; null when nobody counts
  metrics::CounterCell* refused = nullptr;   ///< those that were one too many; null likewise
  std::unordered_set<HttpSession*> sessions;
  bool winding_down = false;  ///< every answer says Connection: close
  bool draining = false;      ///< idle connections end
  bool closed = false;        ///< all connections end
  TakeHttp2 take_http2;       ///< empty: nothing is looked for

  SessionHost(IoThread& io_thread, HttpService& its_service, MessageLimits its_limits,
              SessionTimeouts its_timeouts);

  /// The value of the Date header, made once a second.
  std::string_view date();

 private:
  std::int64_t date_second_ = 0;
  std::string date_;
};

}  // namespace infergraph::engine
