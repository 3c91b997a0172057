#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "base/async/event.hpp"
#include "base/async/post_surely.hpp"

namespace infergraph::engine {

/// What a completion queue gives back as the tag of an operation.
/// Threads: complete() is called on the gRPC thread. The object lives until then.
class Completion {
 public:
  /// `ok` is false when the operation came to nothing; each says what that means.
  virtual void complete(bool ok) = 0;

 protected:
  ~Completion() = default;
};

/// One operation that a coroutine sleeps on: `co_await done.wait();`, then ok().
/// Threads: the coroutine's; it is resumed there, whichever thread that is.
class AwaitedCompletion final : public Completion {
 public:
  /// `home` runs the coroutine; null when that is the gRPC thread itself.
  explicit AwaitedCompletion(boost::asio::io_context* home) : home_(home) {}

  auto wait() { return event_.wait(); }
  bool ok() const { return ok_; }

 private:
  void complete(bool ok) override {
    if (home_ == nullptr) {
      ok_ = ok;
      event_.notify();
    } else {
      post_surely([this, ok] {
        boost::asio::post(*home_, [this, ok] {
          ok_ = ok;
          event_.notify();
        });
      });
    }
  }

  boost::asio::io_context* home_;
  Event event_;
  bool ok_ = false;
};

}  // namespace infergraph::engine
