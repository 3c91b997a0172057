#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/api/predictor.hpp"
#include "engine/api/puid.hpp"
#include "engine/api/ready_state.hpp"
#include "engine/api/router.hpp"
#include "engine/net/http1/service.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

struct RestApiOptions {
  std::string deployment;  ///< of the CloudEvents headers
  std::string namespace_;
  std::string metrics_path = "/prometheus";
  std::string allowed_origins = "*";
  std::string allowed_headers;
  std::size_t max_decoded = std::size_t{128} << 20;  ///< bytes that a gzip body may unpack to
  Protocols protocols = {protocol::Protocol::kSeldon};
  /// Where work on large messages is done; null: at once.
  graph::WorkPlace* work = nullptr;
  /// Where a page of metrics is made that is large; null: at once.
  graph::WorkPlace* pages = nullptr;
};

/// The protocols over REST: from a path to the predictor, from its answer or failure to headers and
/// a body, in the protocol that the path belongs to.
///
/// Threads: one for each I/O thread. Borrows everything it is made of.
class RestApi final : public HttpService {
 public:
  RestApi(RestApiOptions options, Predictor& predictor, const ReadyState& readiness,
          metrics::Families& metrics, int shard);

  Awaitable<HttpResponse> handle(const HttpRequest& request, std::string& header_lines) override;
  HttpResponse refuse(const protocol::Status& why, std::string& header_lines) override;
  bool answers_when_full(std::string_view verb, std::string_view path) const override;

 private:
  struct Request;
  using Answer = protocol::Result<protocol::Payload>;

  // What is left to be done for an answer.
  enum class Next : std::uint8_t { kNothing, kServe, kMetrics };
  Next begin(Request& request, HttpResponse& response);
  Awaitable<void> serve(Request& request, HttpResponse& response);
  Awaitable<void> metrics_page(Request& request, HttpResponse& response);
  /// Who is asked for what, as the path says.
  void fill(Request& request, graph::CallContext& context) const;
  Awaitable<Answer> ask_predictor(Request& request, graph::CallContext& context);
  /// The answer as the caller's protocol has it in REST, whatever the last node speaks.
  Awaitable<void> bring_into_form(Request& request, Answer& answer, graph::CallContext& context);
  Answer converted(Request& request, const protocol::Payload& answer) const;
  static bool is_in_form(const Request& request, const protocol::Payload& answer);
  HttpResponse finish(Request& request, const Answer& answer);
  HttpResponse respond_locally(Request& request);
  HttpResponse respond(Request& request);
  HttpResponse fail(Request& request, const protocol::Status& status);
  static void log_failure(const Request& request, const protocol::Status& status);
  HttpResponse fail_thrown(Request& request) noexcept;
  void observe(const Request& request, const HttpResponse& response, Clock::duration took);
  void begin_headers(Request& request);
  void pass_on_headers(const Request& request, const protocol::Payload& answer) const;
  metrics::ServerRequests& requests_of(Route route);

  RestApiOptions options_;
  Predictor& predictor_;
  const ReadyState& readiness_;
  const metrics::Registry& registry_;
  PuidSource puids_;
  std::string common_headers_;  // the same on every answer
  std::string cloud_event_headers_;
  std::string server_metadata_;  // of protocol v2
  std::string doc_page_;
  metrics::ServerRequests predictions_;
  metrics::ServerRequests feedback_;
  metrics::ServerRequests status_;
  metrics::ServerRequests metadata_;
  metrics::FailedRequests failed_;
  metrics::HistogramCell& prediction_self_;
  metrics::HistogramCell& feedback_self_;
  metrics::GaugeCell& in_flight_;
  std::size_t page_size_;  // of the last page of metrics
};

}  // namespace infergraph::engine
