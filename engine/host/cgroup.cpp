#include "engine/host/cgroup.hpp"

#include <algorithm>
#include <fstream>

namespace infergraph::engine {
namespace {

using std::filesystem::path;

// Where the process is in the hierarchy that has the controller: "/kubepods/pod7/abc". In a
// container with a namespace of its own this is "/". Version 2 has one hierarchy, without a name.
std::string own_cgroup(const path& root, const std::string& controller) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool fits = controller.empty()
                          ? controllers == ",,"
                          : controllers.find("," + controller + ",") != std::string::npos;
    if (fits) return line.substr(second + 1);
  }
  return "/";
}

std::optional<double> tightest_below(const path& mount, const std::string& own,
                                     const CgroupLimit::Read& read) {
  std::optional<double> least;
  // From the process's own cgroup up to the mount. A path that isn't there is one of the host, of
  // which only the container's part is mounted: then the mount itself is the process's cgroup.
  for (path below = path(own).relative_path();; below = below.parent_path()) {
    const auto limit = read(below.empty() ? mount : mount / below);
    if (limit) least = std::min(*limit, least.value_or(*limit));
    if (below.empty()) return least;
  }
}

}  // namespace

std::optional<double> tightest(const CgroupLimit& limit, const path& root) {
  const path mount = root / "sys/fs/cgroup";
  if (std::error_code ignored; std::filesystem::exists(mount / "cgroup.controllers", ignored)) {
    return tightest_below(mount, own_cgroup(root, ""), limit.version_2);
  }
  return tightest_below(mount / limit.controller, own_cgroup(root, limit.controller),
                        limit.version_1);
}

}  // namespace infergraph::engine
