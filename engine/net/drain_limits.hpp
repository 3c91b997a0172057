#pragma once

#include <algorithm>
#include <chrono>

namespace infergraph::engine {

/// How long each phase lasts in which the process comes to its end. All of them, in their order:
///
/// 1. Wind down: not ready, and answers tell callers to go elsewhere; everybody is still served.
///    Ends after --shutdown_delay, and no sooner than kLeastWindDown.
/// 2. Last handshakes: nobody can begin to connect any more; who has begun is let in. Ends after
///    kLastHandshakes.
/// 3. Grace: who is idle is sent away; what is under way goes on. Ends when a Grace says so: once
///    nothing of REST is in flight, once nothing of gRPC was for kGrpcSilence, and after
///    --graceful_timeout anyway.
/// 4. Cut: what is left is called off. Ends when that has ended.
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
