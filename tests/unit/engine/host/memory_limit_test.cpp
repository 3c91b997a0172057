#include "engine/host/memory_limit.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace infergraph::engine {
namespace {

namespace fs = std::filesystem;

// A file system of our own, with what a kernel would show in it.
class MemoryLimit : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (fs::temp_directory_path() / "infergraph-memory-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    root_ = folder;
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  fs::path root_;
};

TEST_F(MemoryLimit, IsThatOfTheContainer) {
  write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
  write("sys/fs/cgroup/memory.max", "536870912\n");
  EXPECT_EQ(cgroup_memory_limit(root_), 536870912U);
  EXPECT_EQ(default_work_bytes(root_), 268435456U);
}

TEST_F(MemoryLimit, IsTheTightestAboveTheProcess) {
  write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n");
  write("proc/self/cgroup", "0::/pod/engine\n");
  write("sys/fs/cgroup/pod/memory.max", "1000000\n");
  write("sys/fs/cgroup/pod/engine/memory.max", "max\n");
  EXPECT_EQ(cgroup_memory_limit(root_), 1000000U);
}

TEST_F(MemoryLimit, OfVersion1) {
  write("proc/self/cgroup", "5:memory:/pod\n4:cpu,cpuacct:/other\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/pod/memory.limit_in_bytes", "2000000\n");
  EXPECT_EQ(cgroup_memory_limit(root_), 2000000U);
}

TEST_F(MemoryLimit, MayBeNone) {
  EXPECT_FALSE(cgroup_memory_limit(root_));
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(cgroup_memory_limit(root_)) << "what version 1 has for none";
  EXPECT_EQ(default_work_bytes(root_), std::size_t{1} << 30);
}

}  // namespace
}  // namespace infergraph::engine
