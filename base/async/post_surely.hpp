#pragma once

#include <chrono>
#include <thread>

namespace infergraph {

/// Does `post`, which wakes somebody who would else sleep for ever: again and again while there is
/// no memory for it. Threads: any; blocks its own as long as that.
template <typename Post>
void post_surely(const Post& post) noexcept {
  for (;;) {
    try {
      return post();
    } catch (...) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
}

}  // namespace infergraph
