#include "engine/grpc/grpc_thread.hpp"

#include <absl/synchronization/mutex.h>
#include <grpcpp/alarm.h>
#include <pthread.h>

#include <atomic>
#include <utility>

#include <boost/asio/post.hpp>

#include "engine/grpc/grpc_queue.hpp"

namespace infergraph::engine {

// Makes the queue return at once, for the sake of what was posted. One alarm serves all: it is set
// again only after it has gone off.
class GrpcThread::Wake final : public Completion {
 public:
  explicit Wake(boost::asio::io_context& context) : context_(context) {}

  void set(grpc::CompletionQueue& queue) {
    if (!set_.exchange(true)) {
      alarm_.Set(&queue, gpr_time_0(GPR_CLOCK_MONOTONIC), tag_of(*this));
    }
  }

 private:
  void complete(bool) override {
    set_.store(false);
    context_.poll();
  }

  boost::asio::io_context& context_;
  std::atomic<bool> set_ = false;
  grpc::Alarm alarm_;
};

GrpcThread::GrpcThread(int index)
    : index_(index),
      guard_(context_.get_executor()),
      queue_(std::make_unique<Queue>()),
      wake_(std::make_unique<Wake>(context_)) {
  // Debian builds Abseil with a search for deadlocks at every lock: 4 % of a call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

GrpcThread::~GrpcThread() { stop(); }

void GrpcThread::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "grpc");
    // The loop is a handler of the context, so that what runs in it spawns coroutines at once, and
    // with the context's recycled memory, instead of by way of its queue.
    boost::asio::post(context_, [this] { run(); });
    context_.run();
  });
}

void GrpcThread::run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->queue->Next(&tag, &ok)) {
    completion_of(tag).complete(ok);
    context_.poll();
  }
  guard_.reset();
}

void GrpcThread::post(std::function<void()> work) {
  boost::asio::post(context_, std::move(work));
  wake_->set(*queue_->queue);
}

void GrpcThread::stop() {
  if (!thread_.joinable()) {
    // A queue that was never served still has to be emptied before it goes.
    queue_->queue->Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_->queue->Next(&tag, &ok)) {
    }
    return;
  }
  queue_->queue->Shutdown();
  thread_.join();
}

}  // namespace infergraph::engine
