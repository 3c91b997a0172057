#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "metrics/cells.hpp"

namespace infergraph::engine {

/// The thread on which everything of gRPC happens: it waits on the one completion queue that the
/// server and all calls to nodes share, and runs the coroutines of the requests that came by gRPC.
/// One was measured to be cheapest: more queues wake more threads for the same work.
///
/// Threads: post() from any; the rest from the thread that made it.
class GrpcThread {
 public:
  /// `index`: its shard of the metrics.
  explicit GrpcThread(int index);
  /// Stops.
  ~GrpcThread();
  GrpcThread(const GrpcThread&) = delete;
  GrpcThread& operator=(const GrpcThread&) = delete;

  void start();
  /// Ends the thread. Every operation on the queue must have been brought to its end before, or be
  /// about to: it waits for them.
  void stop();

  int index() const { return index_; }
  /// What it tells of itself; null for nothing. Before start().
  void set_metrics(metrics::HistogramCell* lag, metrics::CounterCell* exceptions) {
    lag_ = lag;
    exceptions_ = exceptions;
  }
  /// Where coroutines of this thread are spawned, by itself only: others post().
  boost::asio::io_context& context() { return context_; }
  /// To be called on it in a catch block: tell_exception() with its counter.
  void tell_exception(std::string_view where) const noexcept;
  /// Runs `work` on this thread soon.
  void post(std::function<void()> work);

  /// grpc++'s queue; defined in queue.hpp, for those who talk to grpc++ themselves.
  struct Queue;
  Queue& queue() { return *queue_; }

 private:
  class Wake;
  class LagTick;

  void run() noexcept;
  void shut_down();

  int index_;
  metrics::HistogramCell* lag_ = nullptr;
  metrics::CounterCell* exceptions_ = nullptr;
  // Without the hint of a single thread: Boost 1.81 would count work wrongly, and stop the context,
  // when poll() is called from within one of its own handlers.
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Wake> wake_;
  LagTick* lag_tick_ = nullptr;  // while it runs
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace infergraph::engine
