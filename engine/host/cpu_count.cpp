#include "engine/host/cpu_count.hpp"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "engine/host/cgroup.hpp"

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

}  // namespace

std::optional<double> cgroup_cpu_limit(const path& root) {
  return tightest({"cpu", limit_v1, limit_v2}, root);
}

int io_thread_count(int asked, const path& root) {
  if (asked > 0) return asked;
  const int available = affinity();
  const auto limit = cgroup_cpu_limit(root);
  // Compared as doubles: a limit may be larger than an int.
  const double allowed = limit ? std::min<double>(std::ceil(*limit), available) : available;
  return std::clamp(static_cast<int>(allowed), 1, kMostThreads);
}

int work_thread_count(const path& root) { return std::max(1, io_thread_count(0, root) - 1); }

}  // namespace infergraph::engine
