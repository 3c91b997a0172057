#include "engine/work/pool.hpp"

#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <string>

#include "engine/observe/log.hpp"

namespace infergraph::engine {

namespace {

// So that the threads that serve come first where they compete.
constexpr int kNice = 5;

// A thread that is started in the middle of serving must not take the process's signals.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

WorkPool::WorkPool(int threads, std::size_t most_waiting)
    : most_threads_(static_cast<std::size_t>(std::max(threads, 1))), queue_(most_waiting) {
  threads_.reserve(most_threads_);
}

WorkPool::~WorkPool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  while (auto* item = queue_.pop()) {
    lock.unlock();
    static_cast<Job*>(item)->drop();
    lock.lock();
  }
  lock.unlock();
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkPool::submit(Job& job, WorkQueue::Key caller) {
  Job* displaced = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || !have_thread()) return false;
    displaced = static_cast<Job*>(queue_.push(job, caller));
  }
  if (displaced == &job) return false;
  changed_.notify_one();
  if (displaced != nullptr) displaced->drop();
  return true;
}

bool WorkPool::withdraw(Job& job) {
  const std::lock_guard lock(mutex_);
  return queue_.remove(job);
}

std::size_t WorkPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

std::size_t WorkPool::running() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

bool WorkPool::have_thread() {
  if (idle_ > queue_.size() || threads_.size() == most_threads_) return true;
  try {
    const SignalsBlocked blocked;
    threads_.emplace_back([this] { serve(); });
  } catch (const std::exception& error) {
    log::error_limited("can't start a thread for large messages", {{"error", error.what()}});
    return !threads_.empty();
  }
  return true;
}

void WorkPool::serve() {
  pthread_setname_np(pthread_self(), "work");
  // Of the calling thread alone, as Linux has it. Refused, it works all the same.
  (void)setpriority(PRIO_PROCESS, 0, kNice);
  std::unique_lock lock(mutex_);
  for (;;) {
    while (queue_.size() == 0 && !stopping_) {
      ++idle_;
      changed_.wait(lock);
      --idle_;
    }
    auto* const job = static_cast<Job*>(queue_.pop());
    if (job == nullptr) return;
    ++running_;
    lock.unlock();
    job->run();
    lock.lock();
    --running_;
  }
}

}  // namespace infergraph::engine
