#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "base/async/cancellation.hpp"
#include "base/caller.hpp"
#include "base/clock.hpp"
#include "base/deadline.hpp"
#include "engine/api/asked.hpp"
#include "protocol/convert/convert.hpp"
#include "protocol/grpc_status.hpp"
#include "protocol/header_list.hpp"
#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// One request, whichever transport it came by. Every view lives until the answer has been written.
struct Ask {
  /// Counts nowhere.
  static constexpr std::size_t kUncounted = std::numeric_limits<std::size_t>::max();

  Asked what = Asked::kUnknown;
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  protocol::Operation operation = protocol::Operation::kPredict;
  protocol::Transport transport = protocol::Transport::kRest;
  /// Which service it is counted as: an index into those that the core was made with.
  std::size_t service = kUncounted;
  /// The node or model that the path names, percent-encoded; empty when it names none.
  std::string_view model;
  std::string_view version;  ///< "/versions/3", "/labels/stable"; mostly empty
  std::string_view puid;     ///< as the caller gives it; then the one that it goes by
  /// The payload. Of a transport that names its model in the message, that is in here too.
  protocol::KeptRequest request;
  std::span<const protocol::HeaderField> headers;  ///< of the caller, for the nodes
  Deadline deadline;
  CancelScope* cancel = nullptr;   ///< signalled when the caller goes away
  const Caller* caller = nullptr;  ///< whose connection it came by
  std::string_view verb;           ///< for the log; "" where there is none
  std::string_view path;           ///< likewise

  // The core's own.
  std::string node = {};           ///< `model`, decoded
  Clock::time_point started = {};  ///< when it began to be served
  Clock::duration took{};          ///< until it had its answer
  bool counts = false;             ///< it was served, or something was thrown
};

/// What a request is answered with. Of a REST request `status` counts, and its body is in the
/// payload whether it failed or not; of a gRPC call `rpc` counts, which is its front's, and only
/// success has a payload.
struct Reply {
  explicit Reply(protocol::HeaderList& its_headers, protocol::GrpcStatus* its_rpc = nullptr)
      : rpc(its_rpc), headers(its_headers) {}

  int status = 200;
  protocol::GrpcStatus* rpc;  ///< null for REST, whose frames need not hold one
  protocol::Payload payload;
  std::string_view failed_as = {};  ///< the reason that it is counted under, if it is of ours
  protocol::HeaderList& headers;    ///< Seldon-Puid and what else the core has to say
};

}  // namespace infergraph::engine
