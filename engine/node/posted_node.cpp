#include "engine/node/posted_node.hpp"

#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "graph/event.hpp"

namespace infergraph::engine {

namespace asio = boost::asio;
using graph::CallContext;
using graph::Clock;
using protocol::Code;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

// What both threads have of a call. Each touches its own half; the posts between them order the
// rest.
struct PostedNode::Task {
  // The I/O thread's
  graph::CancelScope cancel;
  graph::CallTimes times;
  CallContext context;
  // Written there before it is read here
  std::optional<Result<Payload>> answer;
  // The gRPC thread's
  graph::Event done;
};

// Hands a cancellation on to the other thread.
class PostedNode::Canceller final : public graph::Cancellable {
 public:
  Canceller(IoThread& io, std::shared_ptr<Task> task, graph::CancelScope& scope)
      : io_(io), task_(std::move(task)) {
    scope.add(*this);
  }
  void cancel() override {
    asio::post(io_.context, [task = task_] { task->cancel.cancel(); });
  }

 private:
  IoThread& io_;
  std::shared_ptr<Task> task_;
};

graph::Awaitable<Result<Payload>> PostedNode::call(protocol::Method method, Payload payload,
                                                   CallContext& context) {
  const Seat& seat = seats_[next_];
  next_ = (next_ + 1) % seats_.size();
  auto task = std::make_shared<Task>();
  task->context = context;
  task->context.cancel = &task->cancel;
  task->context.times = &task->times;
  task->context.trail = nullptr;
  task->context.observer = nullptr;
  Canceller canceller(*seat.io, task, *context.cancel);

  context.times->call_began(Clock::now());
  auto ended = [task, &home = home_](const std::exception_ptr& thrown, Result<Payload> answer) {
    if (thrown) answer = Status(Code::kInternal, "the call threw");
    task->answer = std::move(answer);
    home.post([task] { task->done.notify(); });
  };
  auto begin = [task, method, payload = std::move(payload), &seat, ended]() mutable {
    asio::co_spawn(seat.io->context, seat.client->call(method, std::move(payload), task->context),
                   ended);
  };
  asio::post(seat.io->context, std::move(begin));
  co_await task->done.wait();
  context.times->call_ended(Clock::now());
  co_return *std::move(task->answer);
}

}  // namespace infergraph::engine
