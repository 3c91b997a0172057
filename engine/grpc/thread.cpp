#include "engine/grpc/thread.hpp"

#include <absl/synchronization/mutex.h>
#include <grpcpp/alarm.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <utility>

#include <boost/asio/post.hpp>

#include "engine/grpc/queue.hpp"
#include "engine/net/loop_lag.hpp"
#include "engine/observe/tell_exception.hpp"

namespace infergraph::engine {

// Makes the queue return at once, for the sake of what was posted. One alarm serves all: it is set
// again only after it has gone off.
class GrpcThread::Wake final : public Completion {
 public:
  explicit Wake(GrpcThread& thread) : thread_(thread) {}

  void set() {
    if (!set_.exchange(true)) {
      alarm_.Set(thread_.queue_->queue.get(), gpr_time_0(GPR_CLOCK_MONOTONIC), tag_of(*this));
    }
  }

 private:
  void complete(bool) override {
    set_.store(false);
    thread_.context_.poll();
    if (thread_.stopping_) thread_.shut_down();
  }

  GrpcThread& thread_;
  std::atomic<bool> set_ = false;
  grpc::Alarm alarm_;
};

// Goes off some time after the thread had something to do, and tells how late.
class GrpcThread::LagTick final : public Completion {
 public:
  explicit LagTick(metrics::HistogramCell* lag) : lag_(lag) {}

  /// The thread has something to do.
  void touch(grpc::CompletionQueue& queue) {
    if (set_ || lag_ == nullptr) return;
    due_ = Clock::now() + kPeriod;
    set_ = true;
    alarm_.Set(&queue,
               gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                            gpr_time_from_millis(kPeriod.count(), GPR_TIMESPAN)),
               tag_of(*this));
  }
  /// No more of it, since a queue that shuts down takes no alarm.
  void stop() {
    lag_ = nullptr;
    alarm_.Cancel();
  }

 private:
  static constexpr auto kPeriod = std::chrono::milliseconds(50);

  void complete(bool ok) override {
    set_ = false;
    if (ok && lag_ != nullptr) lag_->observe(loop_lag(due_, Clock::now()));
  }

  metrics::HistogramCell* lag_;
  Clock::time_point due_;
  bool set_ = false;
  grpc::Alarm alarm_;
};

GrpcThread::GrpcThread(int index)
    : index_(index),
      guard_(context_.get_executor()),
      queue_(std::make_unique<Queue>()),
      wake_(std::make_unique<Wake>(*this)) {
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

void GrpcThread::run() noexcept {
  LagTick tick(lag_);
  lag_tick_ = &tick;
  const auto guarded = [this](const auto& work) {
    try {
      work();
    } catch (...) {
      tell_exception("grpc");
    }
  };
  void* tag = nullptr;
  bool ok = false;
  while (queue_->queue->Next(&tag, &ok)) {
    Completion& completion = completion_of(tag);
    if (&completion != &tick) tick.touch(*queue_->queue);
    guarded([&] { completion.complete(ok); });
    guarded([&] { context_.poll(); });
  }
  guard_.reset();
}

void GrpcThread::tell_exception(std::string_view where) const noexcept {
  engine::tell_exception(where, exceptions_);
}

void GrpcThread::post(std::function<void()> work) {
  boost::asio::post(context_, std::move(work));
  // The thread itself looks there behind each completion.
  if (!context_.get_executor().running_in_this_thread()) wake_->set();
}

// By the thread itself, which sets alarms on the queue as long as that is open, and only once the
// alarm of stop() has gone off: the library aborts where one is set on a queue that was shut down.
void GrpcThread::shut_down() {
  lag_tick_->stop();
  queue_->queue->Shutdown();
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
  stopping_ = true;
  wake_->set();
  thread_.join();
}

}  // namespace infergraph::engine
