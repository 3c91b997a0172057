#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

namespace infergraph {

/// Lets one coroutine sleep until somebody on the same thread wakes it. Neither allocates nor
/// throws: who sleeps because others hold what is his could not go on without being woken.
///
/// Threads: one. Waking resumes the sleeper inside notify(), so nothing that the sleeper may
/// destroy is touched after it.
class Event {  // NOLINT(cppcoreguidelines-pro-type-member-init): as its constructor
 public:
  Event() = default;  // NOLINT(cppcoreguidelines-pro-type-member-init): room_ holds no handler yet
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() {
    if (end_ != nullptr) end_(*this, false);
  }

  /// To be awaited: `co_await event.wait();`. At most one sleeper at a time.
  auto wait() {
    return boost::asio::async_initiate<const boost::asio::deferred_t, void()>(
        [this](auto handler) { hold(std::move(handler)); }, boost::asio::deferred);
  }

  bool has_sleeper() const { return end_ != nullptr; }

  void notify() {
    if (end_ != nullptr) std::exchange(end_, nullptr)(*this, true);
  }

 private:
  static constexpr std::size_t kRoom = 4 * sizeof(void*);

  template <typename Handler>
  void hold(Handler handler) {
    static_assert(sizeof(Handler) <= kRoom && alignof(Handler) <= alignof(std::max_align_t));
    static_assert(std::is_nothrow_move_constructible_v<Handler>);
    ::new (static_cast<void*>(room_)) Handler(std::move(handler));
    end_ = [](Event& event, bool wakes) {
      auto* const held = std::launder(reinterpret_cast<Handler*>(event.room_));
      Handler sleeper(std::move(*held));
      held->~Handler();
      if (wakes) std::move(sleeper)();
    };
  }

  // Moves the handler out, ends its place here, and calls it if it is to be woken.
  void (*end_)(Event&, bool wakes) = nullptr;
  alignas(std::max_align_t) std::byte room_[kRoom];
};

}  // namespace infergraph
