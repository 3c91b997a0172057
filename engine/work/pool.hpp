#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/work/queue.hpp"

namespace infergraph::engine {

/// The threads for work on large messages: as many as asked for, started when there is work for
/// them, and nicer than those that serve.
///
/// Threads: any. Borrows the jobs. The end: waits for those that run, drops those that wait.
class WorkPool {
 public:
  /// Something to be done once. Exactly one of its two ends comes, and is the pool's last use of
  /// it; neither may throw.
  class Job : private WorkQueue::Item {
   public:
    /// Does it, on a thread of the pool.
    virtual void run() noexcept = 0;
    /// It gave way to others, or the pool ends. On any thread.
    virtual void drop() noexcept = 0;

   protected:
    virtual ~Job() = default;

   private:
    friend class WorkPool;
  };

  WorkPool(int threads, std::size_t most_waiting);
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  /// False: there is too much already, or no thread can be had; then neither end comes.
  bool submit(Job& job, WorkQueue::Key caller);
  /// Takes `job` back if it still waits; then neither end comes.
  bool withdraw(Job& job);

  std::size_t waiting() const;
  std::size_t running() const;

 private:
  void serve();
  bool have_thread();

  const std::size_t most_threads_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  WorkQueue queue_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  std::size_t running_ = 0;
  bool stopping_ = false;
};

}  // namespace infergraph::engine
