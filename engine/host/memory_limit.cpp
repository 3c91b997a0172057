#include "engine/host/memory_limit.hpp"

#include <fstream>

#include "engine/host/cgroup.hpp"

namespace infergraph::engine {
namespace {

using std::filesystem::path;

// What version 1 has for no limit is near 2^63, in whole pages; no machine has that much.
constexpr double kNoLimit = 9e18;
constexpr std::size_t kWithoutLimit = std::size_t{1} << 30;

// "max" stands for no limit, and is no number.
std::optional<double> read_bytes(const path& file) {
  std::ifstream in(file);
  double bytes = 0;
  if (!(in >> bytes) || bytes <= 0 || bytes > kNoLimit) return std::nullopt;
  return bytes;
}

std::optional<double> limit_v2(const path& folder) { return read_bytes(folder / "memory.max"); }

std::optional<double> limit_v1(const path& folder) {
  return read_bytes(folder / "memory.limit_in_bytes");
}

}  // namespace

std::optional<std::size_t> cgroup_memory_limit(const path& root) {
  const auto limit = tightest({"memory", limit_v1, limit_v2}, root);
  if (!limit) return std::nullopt;
  return static_cast<std::size_t>(*limit);
}

std::size_t default_work_bytes(const path& root) {
  const auto limit = cgroup_memory_limit(root);
  return limit ? *limit / 2 : kWithoutLimit;
}

}  // namespace infergraph::engine
