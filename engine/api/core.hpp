#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/ask.hpp"
#include "engine/api/predictor.hpp"
#include "engine/api/puid.hpp"
#include "engine/api/ready_state.hpp"
#include "graph/call_context.hpp"
#include "metrics/families.hpp"
#include "protocol/limits.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// The headers that the core answers with.
inline constexpr std::string_view kPuidHeader = "Seldon-Puid";
inline constexpr std::string_view kFailedNodeHeader = "Seldon-Failed-Node";
inline constexpr std::string_view kRetryAfterHeader = "Retry-After";

/// What requests are counted as: the labels `service` and `method` of the server's metrics.
struct CountedService {
  std::string_view service;
  std::string_view method;
};

/// What both fronts share: takes what is asked through puid, context, walk, conversion, errors,
/// metrics and log to an reply. Knows values, no transport; a front makes an Ask of bytes, and
/// bytes of the Reply.
///
/// Threads: one for each thread that walks. Borrows everything it is made of.
/// Errors: are answers; nothing is thrown out of serve() and answer_now().
class ApiCore {
 public:
  struct Options {
    std::size_t max_decoded = protocol::kMaxBody;  ///< bytes that a gzip body may unpack to
    /// Requests are kept until they are answered, since an answer of another protocol takes over
    /// some of them. Without it a request is let go as soon as its node has it.
    bool keeps_requests = true;
    /// Where work on large messages is done; null: at once.
    graph::WorkPlace* work = nullptr;
  };

  /// `services`: what Ask::service indexes; their texts live for ever.
  ApiCore(Options options, std::span<const CountedService> services, Predictor& predictor,
          const ReadyState& ready_state, metrics::Families& metrics, int shard);

  /// First of all: gives the request its puid, which the answer carries.
  void begin(Ask& ask, Reply& reply);

  /// True for what answer_now() answers; all else is serve()'s.
  static bool is_answered_now(Asked what);
  void answer_now(Ask& ask, Reply& reply) noexcept;
  Awaitable<void> serve(Ask& ask, Reply& reply);

  /// The reply to what failed before it could be served; it is logged.
  void fail(const Ask& ask, const protocol::Status& status, Reply& reply);
  /// The same of what was thrown: to be called in a catch block.
  void fail_thrown(Ask& ask, Reply& reply) noexcept;

  /// Last of all: counts the request, and why it failed, with what it is answered with.
  void count(const Ask& ask, const Reply& reply) noexcept;

 private:
  using Outcome = protocol::Result<protocol::Payload>;

  void fill(Ask& ask, graph::CallContext& context) const;
  Awaitable<Outcome> walk(Ask& ask, graph::CallContext& context);
  Awaitable<Outcome> ask_named(Ask& ask, graph::CallContext& context);
  /// True when the caller gets it as it is.
  static bool is_in_form(const Ask& ask, const protocol::Payload& payload);
  Awaitable<void> bring_into_form(Ask& ask, Outcome& outcome, graph::CallContext& context);
  Outcome converted(Ask& ask, const protocol::Payload& payload) const;
  Outcome convert(Ask& ask, const protocol::Payload& payload) const;
  void answer_itself(const Ask& ask, Reply& reply) const;
  void log_failure(const Ask& ask, const protocol::Status& status) const;

  Options options_;
  Predictor& predictor_;
  const ReadyState& ready_state_;
  PuidSource puids_;
  std::string server_metadata_;  // of protocol v2, in JSON
  std::vector<CountedService> services_;
  std::vector<metrics::RequestSeries> series_;  // of services_
  metrics::FailedRequests failed_;
  metrics::HistogramCell& prediction_self_;
  metrics::HistogramCell& feedback_self_;
  metrics::GaugeCell& in_flight_;
};

}  // namespace infergraph::engine
