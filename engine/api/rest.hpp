#pragma once

#include <string>
#include <string_view>

#include "engine/api/core.hpp"
#include "engine/api/router.hpp"
#include "engine/net/http_service.hpp"
#include "metrics/families.hpp"
#include "protocol/limits.hpp"

namespace infergraph::engine {

struct RestApiOptions {
  std::string deployment;  ///< of the CloudEvents headers
  std::string namespace_;
  std::string metrics_path = "/prometheus";
  std::string allowed_origins = "*";
  std::string allowed_headers;
  std::size_t max_decoded = protocol::kMaxBody;  ///< bytes that a gzip body may unpack to
  Protocols protocols = {protocol::Protocol::kSeldon};
  /// Where work on large messages is done; null: at once.
  graph::WorkPlace* work = nullptr;
  /// Where a page of metrics is made that is large; null: at once.
  graph::WorkPlace* pages = nullptr;
};

/// The protocols over REST: from verb, path and headers to what is asked, and from its answer to a
/// status, headers and a body. What is no protocol's (the metrics, the page of the API, CORS,
/// CloudEvents) is answered here.
///
/// Threads: one for each I/O thread. Borrows everything it is made of.
class RestApi final : public HttpService {
 public:
  RestApi(RestApiOptions options, Predictor& predictor, const ReadyState& ready_state,
          metrics::Families& metrics, int shard);

  const protocol::HeaderList& fixed_headers() const override { return fixed_headers_; }
  Awaitable<HttpResponse> handle(const HttpRequest& request,
                                 protocol::HeaderList& headers) override;
  HttpResponse refuse(const protocol::Status& why, protocol::HeaderList& headers) override;
  bool answers_when_full(std::string_view verb, std::string_view path) const override;

 private:
  struct Request;

  // What is left to be done for an reply.
  enum class Next : std::uint8_t { kNothing, kServe, kMetrics };
  Next begin(Request& request, Reply& reply);
  void answer_here(Request& request, Reply& reply);
  Awaitable<void> metrics_page(const Request& request, Reply& reply);
  HttpResponse finish(Request& request, Reply& reply) noexcept;
  void add_headers(const Request& request, Reply& reply) const;

  RestApiOptions options_;
  ApiCore core_;
  const metrics::Registry& registry_;
  protocol::HeaderList fixed_headers_;
  std::string event_source_;
  std::string event_type_;
  std::string doc_page_;
  std::size_t page_size_;  // of the last page of metrics
};

}  // namespace infergraph::engine
