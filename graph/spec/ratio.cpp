#include "graph/spec/ratio.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

#include "base/ascii.hpp"

namespace infergraph::graph {

std::optional<double> to_ratio(std::string_view text) {
  text = trimmed(text, " \t\r\n");
  if (text.starts_with('+')) text.remove_prefix(1);
  double ratio = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, ratio);
  if (error != std::errc() || stop != end || !std::isfinite(ratio)) return std::nullopt;
  return ratio;
}

}  // namespace infergraph::graph
