#pragma once

#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "engine/net/ticker.hpp"

namespace infergraph::engine {

/// One event loop and what its connections share. Nothing in it is locked: only its thread, or code
/// posted to its context, touches it.
struct IoThread {
  explicit IoThread(int index_in_runtime);

  /// Runs the loop until it is stopped. What a handler throws is told and counted, and ends nothing
  /// but that handler.
  void run() noexcept;
  /// The next handler alone; waits for it. The same of what it throws.
  void run_one() noexcept;

  int index;
  metrics::CounterCell* exceptions = nullptr;  ///< null when nobody counts
  boost::asio::io_context context{1};
  Ticker calls{context, std::chrono::milliseconds(5)};         ///< node calls with a deadline
  Ticker connections{context, std::chrono::milliseconds(50)};  ///< callers, idle connections
};

/// The I/O threads.
/// Threads: start() and stop() from the thread that made it.
class Runtime {
 public:
  explicit Runtime(int threads);
  /// Stops.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  void start();
  /// Ends the loops and joins the threads; what was pending is destroyed with the contexts.
  void stop();

  int size() const { return static_cast<int>(threads_.size()); }
  IoThread& thread(int index) { return *threads_[static_cast<std::size_t>(index)]; }

 private:
  using WorkGuard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;

  std::vector<std::unique_ptr<IoThread>> threads_;
  std::vector<WorkGuard> guards_;
  std::vector<std::thread> running_;
};

}  // namespace infergraph::engine
