#include "engine/host/cpu_count.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace infergraph::engine {
namespace {

namespace fs = std::filesystem;

// A file system of our own, with what a kernel would show in it.
class CpuCount : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (fs::temp_directory_path() / "infergraph-cpu-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    root_ = folder;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  void be_version_2() { write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"); }

  fs::path root_;
};

TEST_F(CpuCount, HasNoLimitWithoutCgroups) { EXPECT_EQ(cgroup_cpu_limit(root_), std::nullopt); }

TEST_F(CpuCount, ReadsVersion2) {
  be_version_2();
  write("proc/self/cgroup", "0::/\n");
  const std::pair<const char*, std::optional<double>> cases[] = {
      {"250000 100000\n", 2.5}, {"50000 100000\n", 0.5},  {"max 100000\n", std::nullopt},
      {"", std::nullopt},       {"100000", std::nullopt}, {"100000 0", std::nullopt}};
  for (const auto& [text, limit] : cases) {
    write("sys/fs/cgroup/cpu.max", text);
    EXPECT_EQ(cgroup_cpu_limit(root_), limit) << text;
  }
}

TEST_F(CpuCount, ReadsVersion1) {
  write("proc/self/cgroup", "4:memory:/\n3:cpu,cpuacct:/\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
  EXPECT_EQ(cgroup_cpu_limit(root_), 1.5);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(cgroup_cpu_limit(root_), std::nullopt);
}

TEST_F(CpuCount, TakesTheTightestLimitOnTheWayUp) {
  be_version_2();
  write("proc/self/cgroup", "1:name=systemd:/other\n0::/slice/service\n");
  write("sys/fs/cgroup/slice/service/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root_), std::nullopt);
  write("sys/fs/cgroup/slice/cpu.max", "300000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root_), 3);
  write("sys/fs/cgroup/slice/service/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root_), 2);
  write("sys/fs/cgroup/slice/service/cpu.max", "400000 100000\n");
  EXPECT_EQ(cgroup_cpu_limit(root_), 3);
}

// Version 1 shows the host's path in a container, where only the container's cgroup is mounted.
TEST_F(CpuCount, FindsTheMountWhereThePathIsTheHosts) {
  write("proc/self/cgroup", "3:cpuacct,cpu:/kubepods/burstable/pod7/abc\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(cgroup_cpu_limit(root_), 0.5);
}

TEST_F(CpuCount, RoundsTheLimitUp) {
  be_version_2();
  write("sys/fs/cgroup/cpu.max", "10000 100000\n");
  EXPECT_EQ(io_thread_count(0, root_), 1);
}

TEST_F(CpuCount, TakesNoMoreThanThereAreNorThanEight) {
  const int unlimited = io_thread_count(0, root_);
  EXPECT_GE(unlimited, 1);
  EXPECT_LE(unlimited, 8);
  be_version_2();
  write("sys/fs/cgroup/cpu.max", "99999999999900000 100000\n");
  EXPECT_EQ(io_thread_count(0, root_), unlimited);
}

TEST_F(CpuCount, DoesAsAsked) {
  be_version_2();
  write("sys/fs/cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(io_thread_count(12, root_), 12);
}

}  // namespace
}  // namespace infergraph::engine
