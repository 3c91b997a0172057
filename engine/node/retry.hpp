#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// How far a try of a call came that brought no answer, whatever the transport.
enum class Reached : std::uint8_t {
  kNoConnection,  ///< there was none to go out by
  kNotServed,     ///< the connection was lost, and the node surely did nothing: not a byte had been
                  ///< written, or it says so (REFUSED_STREAM, or a stream beyond GOAWAY's)
  kPerhapsServed,  ///< the connection was lost when some of the request was on its way
  kAnswering,      ///< a byte of the answer had come
};

/// One try that failed, other than by the caller's going, the end of his time or a want of our own.
struct FailedTry {
  protocol::Method method;
  Reached reached;
  /// The connection had served before, or nobody knows: then the node may have closed it while it
  /// lay idle.
  bool may_be_stale = false;
  bool is_repeat = false;           ///< this call has lost a connection before
  std::size_t other_addresses = 0;  ///< that this call hasn't tried
};

enum class Repeat : std::uint8_t {
  kNo,
  kElsewhere,          ///< at another address
  kOnFreshConnection,  ///< on one that has served nobody
};

/// Whether a call may be served twice without harm: all may but feedback, whose reward would count
/// twice.
constexpr bool may_be_served_twice(protocol::Method method) {
  return method != protocol::Method::kSendFeedback;
}

/// Whether the node must be seen to be there still, by asking the kernel, before the call goes out
/// by a connection: a stale one can't be told afterwards from a node that took the call and died.
/// For all other calls it shows by itself, and they are repeated.
constexpr bool must_be_seen_alive(protocol::Method method, bool may_be_stale) {
  return may_be_stale && !may_be_served_twice(method);
}

/// What to do after a try: what found no connection goes to the other addresses; what lost one that
/// may have been stale is repeated once, if the node surely did nothing, or may do it twice; what a
/// node has begun to answer isn't repeated. Threads: any.
Repeat repeat_after(const FailedTry& failed);

}  // namespace infergraph::engine
