#pragma once

#include <boost/intrusive/list.hpp>

namespace infergraph {

/// Something that can be cancelled: a node call in flight, a group of children. `cancel` is called
/// at most once a registration, on the request's thread; it makes the operation end soon with
/// kCancelled, and never completes it from within the call.
class Cancellable : public boost::intrusive::list_base_hook<
                        boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~Cancellable() = default;
  virtual void cancel() = 0;
};

/// A set of operations that end together. A request has one; every group of parallel children has
/// one of its own that hangs in its parent's.
/// Threads: only the thread of the request.
class CancelScope final : public Cancellable {
 public:
  CancelScope() = default;
  /// Hangs in `parent`, which must outlive it.
  explicit CancelScope(CancelScope* parent) { parent->add(*this); }
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

  /// Registers an operation until it is destroyed or unlinks itself. When the scope is cancelled
  /// already, the caller must look at cancelled() first and not start.
  void add(Cancellable& operation) {
    if (cancelled_) {
      operation.cancel();
    } else {
      operations_.push_back(operation);
    }
  }

  bool cancelled() const { return cancelled_; }

  void cancel() override {
    cancelled_ = true;
    while (!operations_.empty()) {
      Cancellable& operation = operations_.front();
      operations_.pop_front();
      operation.cancel();
    }
  }

 private:
  boost::intrusive::list<Cancellable, boost::intrusive::constant_time_size<false>> operations_;
  bool cancelled_ = false;
};

}  // namespace infergraph
