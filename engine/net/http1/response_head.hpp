#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/net/http_service.hpp"

namespace infergraph::engine {

/// What a response's head says besides what the service has said.
struct ResponseHead {
  std::string_view fixed_lines;                    ///< those of the headers that every answer has
  std::span<const protocol::HeaderField> headers;  ///< the service's
  std::string_view date;
  bool old_version = false;  ///< HTTP/1.0
  bool close = false;        ///< the connection ends after it
};

/// The lines of `headers`, for ResponseHead::fixed_lines.
std::string header_lines(std::span<const protocol::HeaderField> headers);

/// True for a status whose response never has a body.
bool has_no_body(int status);

/// Writes the head of `response` over `text`.
void write_head(std::string& text, const HttpResponse& response, const ResponseHead& head);

}  // namespace infergraph::engine
