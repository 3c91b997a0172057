#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "engine/grpc/thread.hpp"

namespace infergraph::engine {
namespace {

TEST(GrpcThread, DoesWhatIsPosted) {
  GrpcThread thread(0);
  thread.start();
  std::atomic<int> done = 0;
  for (int i = 0; i < 100; ++i) thread.post([&done] { ++done; });
  thread.stop();
  EXPECT_EQ(done, 100);
}

// The library aborts the process where something is begun on a queue that was shut down, so what
// wakes the thread to end it must not come late.
TEST(GrpcThread, EndsWhileItIsBusy) {
  for (int i = 0; i < 1000; ++i) {
    GrpcThread thread(0);
    thread.start();
    int left = 50 + i;
    std::atomic<bool> busy = false;
    std::function<void()> again = [&] {
      busy = true;
      if (--left > 0) thread.post(again);
    };
    thread.post(again);
    while (!busy) std::this_thread::yield();
    thread.stop();
  }
}

}  // namespace
}  // namespace infergraph::engine
