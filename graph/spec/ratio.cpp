#include "graph/spec/ratio.hpp"

#include <charconv>
#include <cmath>
#include <system_error>

namespace infergraph::graph {

std::optional<double> to_ratio(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
  if (text.starts_with('+')) text.remove_prefix(1);
  double ratio = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, ratio);
  if (error != std::errc() || stop != end || !std::isfinite(ratio)) return std::nullopt;
  return ratio;
}

}  // namespace infergraph::graph
