#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "graph/call_context.hpp"
#include "graph/node_client.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::graph {

/// Messages up to this size are worked on by the thread of the request itself: they take it about a
/// millisecond at most.
inline constexpr std::size_t kInlineBytes = std::size_t{64} << 10;

/// One piece of work on whole messages: a conversion, a list that is joined, a mean.
class Work {
 public:
  virtual ~Work() = default;
  virtual void run() = 0;
  /// The message that run() made, which goes on counting while it is held; null when it made none.
  virtual protocol::Payload* made() = 0;
};

/// Where work on whole messages is done, so that no message holds up a thread's other requests.
/// Without one (a null pointer in the context) everything is done at once.
///
/// Threads: one place for each thread that walks.
class WorkPlace {
 public:
  virtual ~WorkPlace() = default;

  /// Does `work`, which reads `bytes`, if that is short enough for this thread. False: it is to be
  /// done elsewhere, from the beginning. Errors: kOverloaded: it would hold too much memory.
  virtual protocol::Result<bool> here(Work& work, std::size_t bytes) = 0;

  /// Has `work`, which reads `bytes`, done by another thread. It may borrow from who awaits this:
  /// he goes on only when that thread has let go of it. Errors: kOverloaded: there is too much of
  /// it; kCancelled; kInternal: it threw.
  virtual Awaitable<protocol::Result<void>> elsewhere(Work& work, std::size_t bytes,
                                                      CallContext& context) = 0;

  /// Lets the thread's other requests have their turn, in the middle of a long loop. Doesn't throw.
  virtual Awaitable<void> give_turn() = 0;
};

/// Bytes of all of them.
inline std::size_t size_of(std::span<const protocol::Payload> messages) {
  std::size_t size = 0;
  for (const protocol::Payload& message : messages) size += message.size();
  return size;
}

/// A function without arguments that gives a Result, as Work. Borrows the function.
template <typename Function>
class FunctionWork final : public Work {
 public:
  using Value = std::invoke_result_t<Function&>;

  explicit FunctionWork(Function& function) : function_(function) {}

  void run() override {
    value_.reset();
    value_.emplace(function_());
  }
  protocol::Payload* made() override {
    if constexpr (std::is_same_v<Value, protocol::Result<protocol::Payload>>) {
      if (value_ && *value_) return &**value_;
    }
    return nullptr;
  }
  Value take() { return *std::move(value_); }

 private:
  Function& function_;
  std::optional<Value> value_;
};

/// What `make()` gives, which reads `bytes` of messages; nothing when it would take too long here:
///   auto made = try_here(context, bytes, make);
///   if (!made) made = co_await elsewhere(context, bytes, make);
/// In two steps, so that what is short gets no coroutine frame of its own.
template <typename Function>
std::optional<std::invoke_result_t<Function&>> try_here(CallContext& context, std::size_t bytes,
                                                        Function& make) {
  if (context.work == nullptr) return make();
  FunctionWork<Function> work(make);
  const auto done = context.work->here(work, bytes);
  if (!done) return done.error();
  if (!*done) return std::nullopt;
  return work.take();
}

/// The second step.
template <typename Function>
Awaitable<std::invoke_result_t<Function&>> elsewhere(CallContext& context, std::size_t bytes,
                                                     Function& make) {
  FunctionWork<Function> work(make);
  const auto done = co_await context.work->elsewhere(work, bytes, context);
  if (!done) co_return done.error();
  co_return work.take();
}

}  // namespace infergraph::graph
