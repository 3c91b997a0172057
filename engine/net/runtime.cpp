#include "engine/net/runtime.hpp"

#include <pthread.h>

#include <string>

#include "engine/observe/tell_exception.hpp"

namespace infergraph::engine {

IoThread::IoThread(int index_in_runtime) : index(index_in_runtime) {}

void IoThread::run() noexcept {
  for (;;) {
    try {
      context.run();
      return;
    } catch (...) {
      tell_exception("io", exceptions);
    }
  }
}

void IoThread::run_one() noexcept {
  try {
    context.run_one();
  } catch (...) {
    tell_exception("io", exceptions);
  }
}

Runtime::Runtime(int threads) {
  for (int index = 0; index < threads; ++index) {
    threads_.push_back(std::make_unique<IoThread>(index));
    guards_.emplace_back(threads_.back()->context.get_executor());
  }
}

Runtime::~Runtime() { stop(); }

void Runtime::start() {
  for (const auto& thread : threads_) {
    running_.emplace_back([&io = *thread] {
      pthread_setname_np(pthread_self(), ("io-" + std::to_string(io.index)).c_str());
      io.run();
    });
  }
}

void Runtime::stop() {
  for (const auto& thread : threads_) thread->context.stop();
  for (std::thread& thread : running_) thread.join();
  running_.clear();
}

}  // namespace infergraph::engine
