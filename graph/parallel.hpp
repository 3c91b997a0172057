#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "graph/call_context.hpp"
#include "graph/event.hpp"
#include "graph/node_client.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// Runs one coroutine a child at once and waits for all of them. When one fails, the others are
/// cancelled, and still awaited: none is left behind.
///
/// `run(index, context)` gives the child's awaitable; the context is the child's own copy.
/// Errors: the failure of the lowest index that failed by itself; a cancellation counts only when
/// nothing else failed.
/// Cancellation: context.cancel cancels every child.
template <typename Run>
Awaitable<protocol::Result<std::vector<protocol::Payload>>> run_all(std::size_t count,
                                                                    CallContext& context,
                                                                    const Run& run) {
  struct Child {
    CallContext context;
    std::optional<protocol::Result<protocol::Payload>> answer;
  };
  CancelScope scope(context.cancel);
  std::vector<Child> children(count);
  std::size_t running = count;
  Event all_ended;

  const auto executor = co_await boost::asio::this_coro::executor;
  for (std::size_t i = 0; i < count; ++i) {
    children[i].context = context;
    children[i].context.cancel = &scope;
    auto ended = [&child = children[i], &scope, &running, &all_ended](
                     const std::exception_ptr& thrown, protocol::Result<protocol::Payload> answer) {
      if (thrown) answer = protocol::Status(protocol::Code::kInternal, "the walk threw");
      if (!answer && answer.error().code() != protocol::Code::kCancelled) scope.cancel();
      child.answer = std::move(answer);
      if (--running == 0) all_ended.notify();
    };
    boost::asio::co_spawn(executor, run(i, children[i].context), std::move(ended));
  }
  if (running > 0) co_await all_ended.wait();

  // A copy each: Boost 1.81's error() gives no reference that could be kept.
  std::optional<protocol::Status> failure;
  for (const Child& child : children) {
    if (*child.answer) continue;
    protocol::Status status = child.answer->error();
    if (!failure || (failure->code() == protocol::Code::kCancelled &&
                     status.code() != protocol::Code::kCancelled)) {
      failure = std::move(status);
    }
  }
  if (failure) co_return *std::move(failure);
  std::vector<protocol::Payload> answers;
  answers.reserve(count);
  for (Child& child : children) answers.push_back(*std::move(*child.answer));
  co_return answers;
}

}  // namespace infergraph::graph
