#pragma once

#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/async/event.hpp"
#include "graph/call_context.hpp"
#include "graph/node_client.hpp"
#include "graph/work_place.hpp"
#include "protocol/caught.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// Children that run at once, and what became of each.
class Children {
 public:
  using Answer = protocol::Result<protocol::Payload>;

  Children(std::size_t count, CallContext& context) : scope_(context.cancel), children_(count) {
    for (Child& child : children_) {
      child.context = context;
      child.context.cancel = &scope_;
    }
  }

  CallContext& context(std::size_t index) { return children_[index].context; }
  bool cancelled() const { return scope_.cancelled(); }

  /// What a child's coroutine ends in. It counts as ended too when it could not even begin.
  class End {
   public:
    End(Children& children, std::size_t index) : children_(&children), index_(index) {
      ++children.running_;
    }
    End(End&& other) noexcept
        : children_(std::exchange(other.children_, nullptr)), index_(other.index_) {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    End& operator=(End&&) = delete;
    ~End() {
      if (children_ != nullptr) take(protocol::Status(protocol::Code::kInternal, "out of memory"));
    }

    void operator()(const std::exception_ptr& thrown, Answer answer) {
      if (!thrown) return take(std::move(answer));
      try {
        std::rethrow_exception(thrown);
      } catch (...) {
        take(protocol::caught());
      }
    }

   private:
    void take(Answer answer) {
      std::exchange(children_, nullptr)->ended(index_, std::move(answer));
    }

    Children* children_;
    std::size_t index_;
  };

  std::size_t running() const { return running_; }
  /// To be awaited while any runs: ends when all that have begun have ended.
  auto all_ended() { return all_ended_.wait(); }

  /// The answers, or the failure of the lowest index that failed by itself; a cancellation counts
  /// only when nothing else failed.
  protocol::Result<std::vector<protocol::Payload>> take() {
    // A copy each: Boost 1.81's error() gives no reference that could be kept.
    std::optional<protocol::Status> failure;
    for (const Child& child : children_) {
      protocol::Status status(protocol::Code::kCancelled, "cancelled");
      if (child.answer) {
        if (*child.answer) continue;
        status = child.answer->error();
      }
      if (!failure || (failure->code() == protocol::Code::kCancelled &&
                       status.code() != protocol::Code::kCancelled)) {
        failure = std::move(status);
      }
    }
    if (failure) return *std::move(failure);
    std::vector<protocol::Payload> answers;
    answers.reserve(children_.size());
    for (Child& child : children_) answers.push_back(**std::move(child.answer));
    return answers;
  }

 private:
  struct Child {
    CallContext context;
    std::optional<Answer> answer;  // nothing: it never began
  };

  void ended(std::size_t index, Answer answer) {
    if (!answer && !is_cancellation(answer)) scope_.cancel();
    children_[index].answer = std::move(answer);
    if (--running_ == 0) all_ended_.notify();
  }

  static bool is_cancellation(const Answer& answer) noexcept {
    try {
      return answer.error().code() == protocol::Code::kCancelled;
    } catch (...) {
      return false;  // no memory for the copy that error() is
    }
  }

  CancelScope scope_;
  std::vector<Child> children_;
  std::size_t running_ = 0;
  Event all_ended_;
};

/// Runs one coroutine a child at once and waits for all of them. When one fails, the others are
/// cancelled, and still awaited: none is left behind.
///
/// `run(index, context)` gives the child's awaitable; the context is the child's own copy.
/// Errors: as Children::take(). Cancellation: context.cancel cancels every child.
template <typename Run>
Awaitable<protocol::Result<std::vector<protocol::Payload>>> run_all(std::size_t count,
                                                                    CallContext& context,
                                                                    const Run& run) {
  // So many are begun before others have their turn.
  constexpr std::size_t kSlice = 64;
  Children children(count, context);
  const auto executor = co_await boost::asio::this_coro::executor;
  for (std::size_t i = 0; i < count && !children.cancelled(); ++i) {
    Children::End end(children, i);
    // Nothing may be thrown out of here: what has begun has to be awaited.
    try {
      if (i > 0 && i % kSlice == 0 && context.work != nullptr) co_await context.work->give_turn();
      boost::asio::co_spawn(executor, run(i, children.context(i)), std::move(end));
    } catch (...) {
      // `end` has told, which cancels the others; they are awaited below.
    }
  }
  if (children.running() > 0) co_await children.all_ended();
  co_return children.take();
}

}  // namespace infergraph::graph
