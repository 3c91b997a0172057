// Durations as people write them: what is read is within Go's, and reads back as itself.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/duration.hpp"
#include "engine/tools/args.hpp"
#include "tests/support/bounds.hpp"

namespace {

constexpr std::chrono::milliseconds kLongest(9'223'372'036'855);

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace infergraph;
  using engine::read_duration;
  using infergraph::fuzz::Bounded;
  const Bounded bounded("duration", size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto duration = parse_duration(text);
  if (duration) {
    require(std::chrono::abs(*duration) <= std::chrono::hours(24 * 366 * 293));
    // Rounded up, the longest of all is a millisecond too long.
    if (std::chrono::abs(*duration) < kLongest) {
      require(parse_duration(duration_text(*duration)) == duration);
    }
    // Signs change the sign, and nothing else.
    if (!text.starts_with('-') && !text.starts_with('+')) {
      require(parse_duration("+" + std::string(text)) == duration);
      require(parse_duration("-" + std::string(text)) == -*duration);
    }
    // Two in a row are their sum, but for what was rounded.
    if (!text.starts_with('-') && !text.starts_with('+') && text != "0") {
      if (const auto twice = parse_duration(std::string(text) + std::string(text))) {
        require(*twice <= *duration * 2 && *twice >= *duration * 2 - std::chrono::milliseconds(1));
      }
    }
  }
  // What the tools read of one unit is the same, to the nanosecond.
  const auto exact = read_duration(text);
  if (exact) require(exact->count() >= 0);
  return 0;
}
