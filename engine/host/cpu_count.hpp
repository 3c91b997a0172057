#pragma once

#include <filesystem>
#include <optional>

namespace infergraph::engine {

/// The number of I/O threads: `asked` (--threads, else GOMAXPROCS) if positive, else the cgroup's
/// CPU limit rounded up, else the CPUs that this process may run on; those two at most 8, beyond
/// which one engine has nothing to gain.
/// `root` is the file system's, but for tests.
int io_thread_count(int asked, const std::filesystem::path& root = "/");

/// The number of threads for large messages: one less than the CPUs that the I/O threads would have
/// by themselves, so that one is left to those that serve; at least one.
int work_thread_count(const std::filesystem::path& root = "/");

/// The tightest CPU limit on this process's cgroup and on those above it, in CPUs: cpu.max of
/// version 2, else cpu.cfs_quota_us of version 1. Nothing when there is none.
std::optional<double> cgroup_cpu_limit(const std::filesystem::path& root = "/");

}  // namespace infergraph::engine
