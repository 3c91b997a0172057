#include "engine/node/posted.hpp"

#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/async/event.hpp"
#include "base/async/post_surely.hpp"
#include "protocol/caught.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;
using graph::CallContext;
using protocol::Code;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

// What both threads have of a call. Each touches its own half; the posts between them order the
// rest.
struct PostedNode::Task {
  // The I/O thread's
  CancelScope cancel;
  graph::CallTimes times;
  CallContext context;
  // Written there before it is read here
  std::optional<Result<Payload>> answer;
  // The gRPC thread's
  Event done;
};

// What the call ends in. It has ended too when it could not even begin.
class PostedNode::End {
 public:
  End(std::shared_ptr<Task> task, GrpcThread& home) : task_(std::move(task)), home_(home) {}
  End(End&&) noexcept = default;
  End(const End&) = delete;
  End& operator=(const End&) = delete;
  End& operator=(End&&) = delete;
  ~End() {
    if (task_) take(Status(Code::kInternal, "out of memory"));
  }

  void operator()(const std::exception_ptr& thrown, Result<Payload> answer) {
    if (!thrown) return take(std::move(answer));
    try {
      std::rethrow_exception(thrown);
    } catch (...) {
      take(protocol::caught());
    }
  }

 private:
  void take(Result<Payload> answer) {
    const std::shared_ptr<Task> task = std::move(task_);
    task->answer = std::move(answer);
    post_surely([&] { home_.post([task] { task->done.notify(); }); });
  }

  std::shared_ptr<Task> task_;
  GrpcThread& home_;
};

// Hands a cancellation on to the other thread.
class PostedNode::Canceller final : public Cancellable {
 public:
  Canceller(IoThread& io, std::shared_ptr<Task> task, CancelScope& scope)
      : io_(io), task_(std::move(task)) {
    scope.add(*this);
  }
  void cancel() override {
    post_surely([this] { asio::post(io_.context, [task = task_] { task->cancel.cancel(); }); });
  }

 private:
  IoThread& io_;
  std::shared_ptr<Task> task_;
};

Awaitable<Result<Payload>> PostedNode::call(protocol::Method method, Payload payload,
                                            CallContext& context) {
  const OnThread& chosen = clients_[next_];
  next_ = (next_ + 1) % clients_.size();
  auto task = std::make_shared<Task>();
  task->context = context;
  task->context.cancel = &task->cancel;
  task->context.times = &task->times;
  // What belongs to the request's own thread.
  task->context.request = nullptr;
  task->context.work = nullptr;
  task->context.caller = nullptr;
  task->context.trail = nullptr;
  task->context.observer = nullptr;
  Canceller canceller(*chosen.io, task, *context.cancel);

  context.times->call_began(Clock::now());
  try {
    auto begin = [task, method, payload = std::move(payload), &chosen,
                  end = End(task, home_)]() mutable {
      // What is thrown here, `end` has told of, as it does when the loop never comes to this.
      try {
        chosen.io->connections.touch();
        asio::co_spawn(chosen.io->context,
                       chosen.client->call(method, std::move(payload), task->context),
                       std::move(end));
      } catch (...) {
      }
    };
    asio::post(chosen.io->context, std::move(begin));
  } catch (...) {
  }
  co_await task->done.wait();
  context.times->call_ended(Clock::now());
  co_return *std::move(task->answer);
}

}  // namespace infergraph::engine
