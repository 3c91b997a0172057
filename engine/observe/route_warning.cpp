#include "engine/observe/route_warning.hpp"

#include <array>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "engine/observe/log.hpp"

namespace infergraph::engine {

using protocol::RouteOddity;

namespace {

std::string_view text_of(RouteOddity oddity) {
  return oddity == RouteOddity::kFraction
             ? "a router's route is no whole number: it is cut to its whole part"
             : "a router's answer has no data: that means all children";
}

void warn(const std::string& node, RouteOddity oddity) {
  static std::mutex mutex;
  static std::set<std::pair<std::string, RouteOddity>> warned;  // guarded by it
  {
    const std::lock_guard lock(mutex);
    if (!warned.emplace(node, oddity).second) return;
  }
  log::warn(text_of(oddity), {{"node", node}});
}

}  // namespace

std::function<void(RouteOddity)> route_warning(std::string node) {
  return [node = std::move(node), seen = std::array<bool, 3>{}](RouteOddity oddity) mutable {
    if (!std::exchange(seen[static_cast<std::size_t>(oddity)], true)) warn(node, oddity);
  };
}

}  // namespace infergraph::engine
