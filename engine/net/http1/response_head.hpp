#pragma once

#include <string>
#include <string_view>

#include "engine/net/http1/service.hpp"

namespace infergraph::engine {

/// What a response's head says besides what the service has said.
struct ResponseHead {
  std::string_view header_lines;  ///< the service's
  std::string_view date;
  bool old_version = false;  ///< HTTP/1.0
  bool close = false;        ///< the connection ends after it
};

/// True for a status whose response never has a body.
bool has_no_body(int status);

/// Writes the head of `response` over `text`.
void write_head(std::string& text, const HttpResponse& response, const ResponseHead& head);

}  // namespace infergraph::engine
