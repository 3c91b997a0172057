#pragma once

#include <utility>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

namespace infergraph::graph {

/// Lets one coroutine sleep until somebody on the same thread wakes it.
///
/// Threads: one. Waking resumes the sleeper inside notify(), so nothing that the sleeper may
/// destroy is touched after it.
class Event {
 public:
  /// To be awaited: `co_await event.wait();`. At most one sleeper at a time.
  auto wait() {
    return boost::asio::async_initiate<const boost::asio::deferred_t, void()>(
        [this](auto handler) {
          Sleeper sleeper(std::move(handler));
          sleeper_.swap(sleeper);
        },
        boost::asio::deferred);
  }

  bool has_sleeper() const { return static_cast<bool>(sleeper_); }

  void notify() {
    // swap, because Boost 1.81's move assignment copies and recurses for ever.
    Sleeper sleeper;
    sleeper.swap(sleeper_);
    if (sleeper) sleeper();
  }

 private:
  using Sleeper = boost::asio::any_completion_handler<void()>;
  Sleeper sleeper_;
};

}  // namespace infergraph::graph
