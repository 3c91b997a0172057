// What a scraper says it accepts, formats and codings: whatever it says, one of ours comes out, and
// what stands for the same gives the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "metrics/exposition.hpp"
#include "tests/support/bounds.hpp"

namespace {

using infergraph::metrics::Format;
using infergraph::metrics::negotiate;
using infergraph::metrics::prefers_gzip;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string upper(std::string_view text) {
  std::string made;
  for (const char c : text) made += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const infergraph::fuzz::Bounded bounded("accept", size, infergraph::fuzz::Bound::of_all(8));
  const std::string header(reinterpret_cast<const char*>(data), size);
  const Format format = negotiate(header);
  require(!infergraph::metrics::content_type(format).empty());
  // Empty elements of the list say nothing.
  require(negotiate("," + header + ",") == format);

  const bool gzip = prefers_gzip(header);
  require(prefers_gzip(", ," + header + ",") == gzip);
  require(prefers_gzip(upper(header)) == gzip);
  // Who takes gzip as readily as anything takes gzip, unless the header doesn't end where it seems.
  if (header.find('"') == std::string::npos) require(prefers_gzip(header + ",gzip;q=1"));
  return 0;
}
