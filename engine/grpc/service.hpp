#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/async/awaitable.hpp"
#include "base/async/cancellation.hpp"
#include "base/caller.hpp"
#include "base/clock.hpp"
#include "protocol/grpc_status.hpp"
#include "protocol/payload.hpp"

namespace infergraph::engine {

/// One unary call as gRPC has it. Every view lives until the answer has been taken.
struct GrpcRequest {
  std::size_t method = 0;  ///< index into GrpcService::methods()
  /// The caller's metadata in the order of its keys; bytes of "-bin" keys as they are.
  std::span<const protocol::HeaderField> metadata;
  protocol::Payload body;
  Clock::time_point deadline = Clock::time_point::max();
  CancelScope* cancel = nullptr;   ///< signalled when the caller cancels or goes away
  const Caller* caller = nullptr;  ///< whose connection it came by
};

struct GrpcResponse {
  protocol::GrpcStatus status;
  protocol::Payload body;        ///< in proto; not looked at when the status is an error
  std::string puid;              ///< for the initial metadata
  std::string failed_node = {};  ///< for the trailing metadata of an error; mostly empty
};

class StreamHandler;

/// A method of two streams, and who answers it.
struct GrpcStream {
  const char* method;
  StreamHandler* handler;
};

/// What stands behind a gRPC front: takes a call, gives an answer, knows no transport.
/// Threads: the gRPC thread.
class GrpcService {
 public:
  virtual ~GrpcService() = default;

  /// The unary methods that are served: "/seldon.protos.Seldon/Predict", … All others are
  /// UNIMPLEMENTED.
  virtual std::span<const std::string_view> methods() const = 0;

  /// The streaming methods that are served.
  virtual std::span<const GrpcStream> streams() const { return {}; }

  /// May take the body out of `request`, so that it is let go as soon as nobody needs it.
  virtual Awaitable<GrpcResponse> handle(GrpcRequest& request) = 0;
};

}  // namespace infergraph::engine
