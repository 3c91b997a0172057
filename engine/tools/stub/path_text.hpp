#pragma once

#include <string_view>

namespace infergraph::engine {

/// Takes what stands before one of `ends` off the front of a path.
inline std::string_view take_segment(std::string_view& text, std::string_view ends) {
  const std::string_view segment = text.substr(0, text.find_first_of(ends));
  text.remove_prefix(segment.size());
  return segment;
}

/// The same for a version, which is of digits alone; false for something else.
inline bool take_version(std::string_view& text, std::string_view ends, std::string_view& version) {
  version = take_segment(text, ends);
  return !version.empty() && version.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace infergraph::engine
