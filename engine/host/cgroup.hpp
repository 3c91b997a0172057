#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace infergraph::engine {

/// A limit of one controller, as each version of cgroups has it.
struct CgroupLimit {
  /// Reads it out of a cgroup's folder; nothing when there is none.
  using Read = std::function<std::optional<double>(const std::filesystem::path& folder)>;

  std::string controller;  ///< of version 1: its folder and its name in /proc/self/cgroup
  Read version_1;
  Read version_2;
};

/// The tightest of these limits on this process's cgroup and on those above it; nothing when there
/// is none. `root` is the file system's, but for tests.
std::optional<double> tightest(const CgroupLimit& limit, const std::filesystem::path& root = "/");

}  // namespace infergraph::engine
