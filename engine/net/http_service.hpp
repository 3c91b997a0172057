#pragma once

#include <span>
#include <string_view>

#include "base/async/awaitable.hpp"
#include "base/async/cancellation.hpp"
#include "base/caller.hpp"
#include "protocol/header_list.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// One request as HTTP has it. Every view lives until the response has been written.
struct HttpRequest {
  std::string_view verb;                           ///< as written: "POST"
  std::string_view path;                           ///< the target up to '?'; still percent-encoded
  std::string_view query;                          ///< what follows '?'; "" when there is none
  std::span<const protocol::HeaderField> headers;  ///< all of them, in order
  protocol::Payload body;          ///< with Content-Type and Content-Encoding of the request
  CancelScope* cancel = nullptr;   ///< signalled when the caller goes away
  const Caller* caller = nullptr;  ///< whose connection it came by

  /// The first header of that name (any case), or "" with `present` false.
  std::string_view header(std::string_view name, bool* present = nullptr) const;
};

/// The answer to one request. Content-Type and Content-Encoding come from the body's; Date,
/// Content-Length and Connection are the session's.
struct HttpResponse {
  int status = 200;
  protocol::Payload body;
};

/// What stands behind a listener: takes a request, gives a response, knows no socket.
/// Threads: one service an I/O thread.
class HttpService {
 public:
  virtual ~HttpService() = default;

  /// The headers that every answer has: asked for once, when a listener begins.
  virtual const protocol::HeaderList& fixed_headers() const;

  /// Answers `request`. Further headers are added to `headers`, which is empty at the call.
  virtual Awaitable<HttpResponse> handle(const HttpRequest& request,
                                         protocol::HeaderList& headers) = 0;

  /// The answer when HTTP itself goes wrong (malformed, too large, too slow); the connection is
  /// closed after it.
  virtual HttpResponse refuse(const protocol::Status& why, protocol::HeaderList& headers) = 0;

  /// Whether a request is answered also when there are too many connections: a probe, which must
  /// not take a full engine for a dead one.
  virtual bool answers_when_full(std::string_view /*verb*/, std::string_view /*path*/) const {
    return false;
  }
};

}  // namespace infergraph::engine
