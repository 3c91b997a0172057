#include "engine/work/desk.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/async/event.hpp"
#include "base/async/post_surely.hpp"
#include "engine/observe/log.hpp"
#include "protocol/caught.hpp"
#include "protocol/work.hpp"

namespace infergraph::engine {

using protocol::Code;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

namespace {

// What work may make on the thread of its request, however short the message is: a millisecond's.
constexpr std::size_t kInlineMade = 4 * graph::kInlineBytes;

Status over(const WorkBudget& budget) {
  std::string text = "too much work at a time";
  if (!budget.flag().empty()) text.append(" (").append(budget.flag()).append(")");
  return {Code::kOverloaded, std::move(text)};
}

// More than the queue holds, or no thread can be had.
Status too_many() { return {Code::kOverloaded, "too many messages wait for a work thread"}; }

Status cancelled() { return {Code::kCancelled, "cancelled"}; }

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// `message`, which counts for as long as somebody has it.
Payload charged(const Payload& message, WorkCharge charge) {
  struct Owner {
    Payload message;
    WorkCharge charge;
  };
  auto owner = std::make_shared<const Owner>(Owner{message, std::move(charge)});
  const protocol::Pieces* const pieces = owner->message.pieces();
  Payload made = pieces == nullptr
                     ? Payload(owner, message.bytes())
                     : Payload(std::shared_ptr<const protocol::Pieces>(owner, pieces));
  made.set_content_type(message.content_type());
  made.set_content_encoding(message.content_encoding());
  made.set_headers(message.headers());
  made.set_status(message.status());
  made.set_protocol(message.protocol());
  made.set_encoding(message.encoding());
  made.set_origin(message.origin());
  made.set_model(message.model());
  if (const auto json_size = message.json_size()) made.set_json_size(*json_size);
  return made;
}

// Counts what one piece of work makes, and ends it where that is too much.
class Meter final : public protocol::WorkMeter {
 public:
  Meter(const std::shared_ptr<WorkBudget>& budget, std::size_t most)
      : budget_(budget), most_(most) {}

  Result<void> pay(std::size_t bytes) override {
    made_ += bytes;
    if (made_ > most_) {
      is_too_long_ = true;
      return cancelled();
    }
    // What is small isn't counted: the threads would contend for the budget.
    if (!charge_ && made_ <= graph::kInlineBytes) return {};
    const std::size_t owed = charge_ ? bytes : made_;
    if (!charge_) charge_.emplace(budget_);
    if (charge_->grow(owed)) return {};
    is_over_ = true;
    return over(*budget_);
  }

  bool is_too_long() const { return is_too_long_; }
  bool is_over() const { return is_over_; }

  /// The work has ended: only what it made is held, as long as somebody has it.
  void settle(Payload* made) {
    if (!charge_) return;
    charge_->shrink(made == nullptr ? 0 : made->size());
    if (charge_->bytes() > 0) {
      *made = charged(*made, *std::move(charge_));
    }
    charge_.reset();
  }

 private:
  const std::shared_ptr<WorkBudget>& budget_;
  const std::size_t most_;
  std::optional<WorkCharge> charge_;
  std::size_t made_ = 0;
  bool is_too_long_ = false;
  bool is_over_ = false;
};

}  // namespace

// One piece of work from its thread to the pool and back. Lives in the coroutine that waits for it.
class WorkDesk::Ticket final : public Cancellable, public WorkPool::Job {
 public:
  Ticket(WorkDesk& desk, graph::Work& work)
      : desk_(desk), work_(work), meter(desk.budget_, static_cast<std::size_t>(-1)) {}

  Event home_again;
  // Read only after home_again
  std::exception_ptr thrown;
  bool dropped = false;
  Clock::time_point begun;
  Clock::time_point ended;

  bool is_stopped() const { return stop_.load(std::memory_order_relaxed); }
  /// Counts what it takes before anything is made.
  bool enter(std::size_t bytes) { return meter.pay(bytes).has_value(); }

  void cancel() override {
    stop_.store(true, std::memory_order_relaxed);
    if (desk_.pool_.withdraw(*this)) go_home();
  }

 private:
  void run() noexcept override {
    begun = Clock::now();
    try {
      const protocol::StopScope stops(stop_);
      const protocol::MeterScope counts(meter);
      if (!is_stopped()) work_.run();
    } catch (...) {
      thrown = std::current_exception();
    }
    ended = Clock::now();
    go_home();
  }
  void drop() noexcept override {
    dropped = true;
    go_home();
  }

  // With this posted, the ticket may be gone at once.
  void go_home() noexcept {
    post_surely([this] { desk_.post_home_([this] { home_again.notify(); }); });
  }

  WorkDesk& desk_;
  graph::Work& work_;
  std::atomic<bool> stop_ = false;

 public:
  Meter meter;  // the pool's while the work runs
};

WorkDesk::WorkDesk(WorkPool& pool, std::shared_ptr<WorkBudget> budget, PostHome post_home,
                   metrics::Families* metrics, int shard)
    : pool_(pool), budget_(std::move(budget)), post_home_(std::move(post_home)) {
  if (metrics == nullptr) return;
  queued_seconds_ = &metrics->work_seconds(shard, "queued");
  running_seconds_ = &metrics->work_seconds(shard, "running");
  refused_ = &metrics->work_refused(shard);
}

Result<void> WorkDesk::refused(Status why) {
  if (refused_ != nullptr) refused_->add();
  return why;
}

Result<bool> WorkDesk::here(graph::Work& work, std::size_t bytes) {
  if (bytes > graph::kInlineBytes) return false;
  Meter meter(budget_, kInlineMade);
  {
    const protocol::MeterScope counts(meter);
    work.run();
  }
  if (meter.is_too_long()) return false;
  if (meter.is_over()) return refused(over(*budget_)).error();
  meter.settle(work.made());
  return true;
}

Awaitable<Result<void>> WorkDesk::elsewhere(graph::Work& work, std::size_t bytes,
                                            graph::CallContext& context) {
  if (context.cancel->cancelled()) co_return cancelled();
  Ticket ticket(*this, work);
  if (!ticket.enter(bytes)) co_return refused(over(*budget_));
  const auto queued = Clock::now();
  const auto caller = context.caller == nullptr ? 0 : context.caller->key();
  if (!pool_.submit(ticket, caller)) co_return refused(too_many());
  context.cancel->add(ticket);
  co_await ticket.home_again.wait();

  if (ticket.dropped) co_return refused(too_many());
  if (ticket.begun != Clock::time_point() && queued_seconds_ != nullptr) {
    queued_seconds_->observe(seconds(ticket.begun - queued));
    running_seconds_->observe(seconds(ticket.ended - ticket.begun));
  }
  if (ticket.thrown) {
    try {
      std::rethrow_exception(ticket.thrown);
    } catch (...) {
      log::error_limited("work on a message threw", {});
      co_return protocol::caught();
    }
  }
  if (ticket.is_stopped()) co_return cancelled();
  if (ticket.meter.is_over()) co_return refused(over(*budget_));
  ticket.meter.settle(work.made());
  co_return Result<void>();
}

Awaitable<void> WorkDesk::give_turn() {
  Event turn;
  try {
    post_home_([&turn] { turn.notify(); });
  } catch (const std::bad_alloc&) {
    co_return;  // the next one may come
  }
  co_await turn.wait();
}

}  // namespace infergraph::engine
