#pragma once

#include <algorithm>
#include <chrono>

namespace infergraph::engine {

/// How long each phase lasts in which the process comes to its end. All of them, in their order:
///
///   phase           | what holds in it                           | ends
///   wind down       | not ready, and answers tell callers to go  | after --shutdown_delay, and no
///                   | elsewhere; everybody is still served       | sooner than kLeastWindDown
///   last handshakes | nobody can begin to connect any more; who  | after kLastHandshakes
///                   | has begun is let in                        |
///   grace           | who is idle is sent away; what is under    | when a Grace says so: REST's
///   once
///                   | way goes on                                | nothing is in flight, gRPC's
///                   once |                                            | nothing was for
///                   kGrpcSilence; |                                            | after
///                   --graceful_timeout anyway
///   cut             | what is left is called off                 | when it has ended
struct DrainLimits {
  using Duration = std::chrono::milliseconds;

  /// A balancer needs this long to notice that /ready has turned.
  static constexpr Duration kLeastWindDown{500};
  /// Many times what a handshake takes within a cluster, and little beside the second after which a
  /// caller repeats a SYN that was dropped.
  static constexpr Duration kLastHandshakes{20};
  /// Once no call has been under way for so long, none can be on its way either.
  static constexpr Duration kGrpcSilence{300};
  /// How often gRPC's callers are told to go meanwhile: those too whose connections were just being
  /// made.
  static constexpr Duration kGoawayPeriod{5};

  static constexpr Duration wind_down(Duration shutdown_delay) {
    return std::max(shutdown_delay, kLeastWindDown);
  }
};

}  // namespace infergraph::engine
