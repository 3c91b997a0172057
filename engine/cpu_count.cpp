#include "engine/cpu_count.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace infergraph::engine {
namespace {

using std::filesystem::path;

constexpr int kMostThreads = 8;

int affinity() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof(cpus), &cpus) != 0) return 1;
  return std::max(1, CPU_COUNT(&cpus));
}

// "200000 100000" out of cpu.max, where "max" stands for no limit.
std::optional<double> limit_v2(const path& folder) {
  std::ifstream file(folder / "cpu.max");
  double quota = 0;
  double period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

// A quota of -1 stands for no limit.
std::optional<double> limit_v1(const path& folder) {
  std::ifstream quota_file(folder / "cpu.cfs_quota_us");
  std::ifstream period_file(folder / "cpu.cfs_period_us");
  double quota = 0;
  double period = 0;
  if (!(quota_file >> quota) || !(period_file >> period) || quota <= 0 || period <= 0) {
    return std::nullopt;
  }
  return quota / period;
}

// Where the process is in the hierarchy that has the CPU controller: "/kubepods/pod7/abc". In a
// container with a namespace of its own this is "/".
std::string own_cgroup(const path& root, bool version_2) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool fits =
        version_2 ? controllers == ",," : controllers.find(",cpu,") != std::string::npos;
    if (fits) return line.substr(second + 1);
  }
  return "/";
}

template <typename Read>
std::optional<double> tightest(const path& mount, const std::string& own, Read read) {
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

std::optional<double> cgroup_cpu_limit(const path& root) {
  const path mount = root / "sys/fs/cgroup";
  if (std::error_code ignored; std::filesystem::exists(mount / "cgroup.controllers", ignored)) {
    return tightest(mount, own_cgroup(root, true), limit_v2);
  }
  return tightest(mount / "cpu", own_cgroup(root, false), limit_v1);
}

int io_thread_count(int asked, const path& root) {
  if (asked > 0) return asked;
  const int available = affinity();
  const auto limit = cgroup_cpu_limit(root);
  // Compared as doubles: a limit may be larger than an int.
  const double allowed = limit ? std::min<double>(std::ceil(*limit), available) : available;
  return std::clamp(static_cast<int>(allowed), 1, kMostThreads);
}

}  // namespace infergraph::engine
