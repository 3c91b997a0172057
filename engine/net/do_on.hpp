#pragma once

#include <condition_variable>
#include <mutex>

#include <boost/asio/post.hpp>

#include "base/async/post_surely.hpp"
#include "engine/net/runtime.hpp"
#include "engine/observe/tell_exception.hpp"

namespace infergraph::engine {

/// Does `function` on the thread of `io`, which must be running, and waits until that is done.
/// False when it threw, which is told and counted there. Takes no memory but what posting takes,
/// and waits for that. Threads: any but that one.
template <typename Function>
bool do_on(IoThread& io, const Function& function) noexcept {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  bool threw = false;
  post_surely([&] {
    boost::asio::post(io.context, [&] {
      try {
        function();
      } catch (...) {
        tell_exception("io", io.exceptions);
        threw = true;
      }
      const std::lock_guard lock(mutex);
      done = true;
      changed.notify_one();  // with the lock, so that what it wakes outlives it
    });
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return done; });
  return !threw;
}

}  // namespace infergraph::engine
