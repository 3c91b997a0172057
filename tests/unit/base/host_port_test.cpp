#include "base/host_port.hpp"

#include <gtest/gtest.h>

namespace infergraph {
namespace {

TEST(HostPort, BracketsIpv6Alone) {
  EXPECT_EQ(host_port("model-a.ns", 9000), "model-a.ns:9000");
  EXPECT_EQ(host_port("127.0.0.1", 1), "127.0.0.1:1");
  EXPECT_EQ(host_port("::1", 65535), "[::1]:65535");
}

}  // namespace
}  // namespace infergraph
