#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "engine/grpc/service.hpp"
#include "engine/grpc/thread.hpp"
#include "protocol/limits.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

struct GrpcFrontOptions {
  /// 0: the system picks one; nothing: only connections that are handed over.
  std::optional<std::uint16_t> port;
  std::vector<std::string> addresses = {"::"};    ///< literals or names; "::" for all
  int max_message = 2147483647;                   ///< bytes of one message, either way
  std::size_t max_metadata = protocol::kMaxHead;  ///< bytes of all entries of a call
  int max_streams = 0;                            ///< calls at once on one connection; 0: no limit
  std::chrono::milliseconds keepalive_time{0};    ///< a ping after so long without a word; 0: none
  std::chrono::milliseconds keepalive_timeout{20'000};  ///< for the ping's answer
  std::chrono::milliseconds max_connection_age{0};      ///< then GOAWAY; 0: none
};

/// The gRPC server: a service, the standard health service and reflection on one port.
///
/// Threads: open() and drain() from the thread that made it, which is not the gRPC thread; adopt()
/// and set_serving() from any, once it is open. open() comes before the gRPC thread starts.
/// Owns/borrows: borrows the thread and the service. The end: drain(), then the thread stops, then
/// this is destroyed, for the thread's queue is the server's.
class GrpcFront {
 public:
  GrpcFront(GrpcThread& thread, GrpcService& service, GrpcFrontOptions options);
  ~GrpcFront();
  GrpcFront(const GrpcFront&) = delete;
  GrpcFront& operator=(const GrpcFront&) = delete;

  /// Listens; gives the port, or 0 when it has none of its own.
  protocol::Result<std::uint16_t> open();

  /// Goes on with a connection that somebody else accepted, and from which `read` has been read.
  /// Owns `descriptor` from now on.
  void adopt(int descriptor, std::string_view read);

  /// Tells a caller who comes too late, or is one too many, that no call of his has been looked at.
  /// Owns `descriptor`.
  static void turn_away(int descriptor);

  /// What the health service says.
  void set_serving(bool serving);

  /// Tells the callers to go elsewhere (GOAWAY), refuses new ones, and waits for the calls under
  /// way; false when some outlived `limit` and were cut. A second time does nothing.
  bool drain(std::chrono::milliseconds limit);
  /// How many calls the drain had to cut.
  int unfinished() const { return unfinished_; }

 private:
  struct Server;

  void cut_streams();
  void shut_down(Clock::time_point limit);

  GrpcThread& thread_;
  GrpcFrontOptions options_;
  std::unique_ptr<Server> server_;
  bool drained_ = false;
  int unfinished_ = 0;
  std::mutex closing_;
  bool closed_ = false;  // guarded by closing_: nothing is adopted any more
};

}  // namespace infergraph::engine
