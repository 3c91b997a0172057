#pragma once

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include "base/clock.hpp"
#include "engine/net/loop_lag.hpp"
#include "metrics/cells.hpp"

namespace infergraph::engine {

class Timed;
using TimedHook =
    boost::intrusive::list_base_hook<boost::intrusive::tag<Timed>,
                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Something with a deadline that a Ticker watches. Changing `deadline` costs nothing.
class Timed : public TimedHook {
 public:
  virtual ~Timed() = default;

  Clock::time_point deadline = Clock::time_point::max();

  /// Called once a tick while the deadline is past. May destroy this object, no other.
  virtual void on_deadline() = 0;
};

/// One timer for many deadlines: it looks at all of them at each tick, and is armed only while it
/// has any. A timer per operation would cost the hot path two heap operations a request.
/// Threads: the one of its io_context.
class Ticker {
 public:
  Ticker(boost::asio::io_context& context, Clock::duration period)
      : timer_(context), period_(period) {}

  /// Where it tells how late each tick is, which is how long the loop's other handlers were at
  /// work; null for nowhere. Before the loop runs.
  void set_lag(metrics::HistogramCell* lag) { lag_ = lag; }

  /// Watches `timed` until it is destroyed or unlinked.
  void watch(Timed& timed) {
    timed_.push_back(timed);
    if (!armed_) arm();
  }

  /// The loop has something to do: one tick more, if only for the lag.
  void touch() {
    touched_ = true;
    if (!armed_) arm();
  }

  /// Disarms, so that the loop can end. What is watched stays linked and is no longer called.
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  void arm() {
    if (stopped_) return;
    timer_.expires_after(period_);
    timer_.async_wait([this](boost::system::error_code ec) {
      armed_ = false;
      if (!ec) tick();
    });
    armed_ = true;
  }

  void tick() {
    const auto now = Clock::now();
    if (lag_ != nullptr) lag_->observe(loop_lag(timer_.expiry(), now));
    for (auto next = timed_.begin(); next != timed_.end();) {
      Timed& timed = *next++;
      if (timed.deadline <= now) timed.on_deadline();
    }
    if (!timed_.empty() || std::exchange(touched_, false)) arm();
  }

  boost::asio::steady_timer timer_;
  Clock::duration period_;
  metrics::HistogramCell* lag_ = nullptr;
  boost::intrusive::list<Timed, boost::intrusive::base_hook<TimedHook>,
                         boost::intrusive::constant_time_size<false>>
      timed_;
  bool armed_ = false;
  bool touched_ = false;
  bool stopped_ = false;
};

}  // namespace infergraph::engine
