#include "engine/grpc/log.hpp"

#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace infergraph::engine {
namespace {

TEST(GrpcLogDeathTest, TellsWhyTheLibraryAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto abort_in_library = [] {
    route_grpc_log();
    gpr_log_verbosity_init();  // as the library does when it is first used
    GPR_ASSERT(1 == 2);
  };
  EXPECT_DEATH(abort_in_library(), "gRPC's library gives up.*assertion failed: 1 == 2");
}

TEST(GrpcLogDeathTest, KeepsTheRestForDebugging) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto say = [] {
    route_grpc_log();
    gpr_log_verbosity_init();  // as the library does when it is first used
    gpr_log(GPR_ERROR, "some trouble");
    std::exit(0);
  };
  EXPECT_EXIT(say(), testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace infergraph::engine
