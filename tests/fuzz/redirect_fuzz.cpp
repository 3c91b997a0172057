// A node's Location: never to another host, never anything but a path that a request line can hold,
// with no step upwards left in it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/node/redirect.hpp"
#include "protocol/routes.hpp"
#include "tests/support/bounds.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const infergraph::fuzz::Bounded bounded("redirect", size, infergraph::fuzz::Bound::of_all(6));
  using infergraph::engine::redirect_target;
  const std::string_view location(reinterpret_cast<const char*>(data), size);
  const std::string_view asked = "/v1/models/m:predict";
  const auto target = redirect_target(location, asked, "node", 9000);
  if (!target) return 0;
  require(target->size() <= location.size() + asked.size() + 1);
  require(target->starts_with('/'));
  require(std::all_of(target->begin(), target->end(), [](char c) { return c > 0x20 && c < 0x7f; }));
  require(target->find('#') == std::string::npos);
  std::string_view path = std::string_view(*target).substr(0, target->find('?'));
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    const std::string plain = infergraph::protocol::percent_decoded(segment);
    require(plain != "." && plain != "..");
    path.remove_prefix(segment.size());
  }
  // Where it leads is a place of its own: asked from there it leads there again.
  require(redirect_target(*target, *target, "node", 9000) == target || target->starts_with("//"));
  return 0;
}
