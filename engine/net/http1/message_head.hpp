#pragma once

#include <string_view>

namespace infergraph::engine {

/// The head of a message, as views into its block.
struct MessageHead {
  std::string_view verb;    ///< requests only
  std::string_view target;  ///< requests only
  int status = 0;           ///< responses only
  int version = 11;         ///< 10 or 11
  std::string_view content_type;
  std::string_view content_encoding;
  bool has_host = false;
  std::string_view host;
  bool expects_continue = false;
  bool chunked = false;
  bool closes = false;  ///< the sender closes the connection after this message
};

}  // namespace infergraph::engine
