#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>

namespace infergraph::engine {

/// The tightest memory limit on this process's cgroup and on those above it, in bytes: memory.max
/// of version 2, else memory.limit_in_bytes of version 1. Nothing when there is none.
/// `root` is the file system's, but for tests.
std::optional<std::size_t> cgroup_memory_limit(const std::filesystem::path& root = "/");

/// What all messages in work may hold together when nobody says it: half of the memory limit,
/// since requests, answers and the program itself want their room; 1 GiB without a limit.
std::size_t default_work_bytes(const std::filesystem::path& root = "/");

}  // namespace infergraph::engine
