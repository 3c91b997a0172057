#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "protocol/status.hpp"

namespace infergraph::protocol {

/// What one message may make a thread do: docs/architecture.md, «Work has bounds». Everything that
/// is made out of it is counted, whether it is freed again or not.
inline constexpr std::size_t kWorkFactor = 40;                     ///< bytes for each that came
inline constexpr std::size_t kWorkExtra = std::size_t{1} << 20U;   ///< bytes for any message
inline constexpr std::size_t kWorkSlice = std::size_t{64} << 10U;  ///< bytes between two looks

/// The same on top of a packed message, which is no measure of what is in it.
inline constexpr std::size_t kUnpackedExtra = std::size_t{64} << 20U;

/// While it lives, what this thread makes is counted against `came` bytes of a message. Within
/// another scope the outer one counts on. Not to be held across a co_await. Threads: one.
class WorkScope {
 public:
  explicit WorkScope(std::size_t came, std::size_t extra = kWorkExtra);
  /// The same for one message: as many bytes as came, and more on top where they are packed.
  explicit WorkScope(const Payload& message) : WorkScope(std::span(&message, 1)) {}
  /// The same for several that are read together.
  explicit WorkScope(std::span<const Payload> messages);
  WorkScope(const WorkScope&) = delete;
  WorkScope& operator=(const WorkScope&) = delete;
  ~WorkScope();

 private:
  bool is_outer_;
};

/// While it lives, conversions on this thread end at their next slice, of about 64 KiB, with
/// kCancelled, once `stop` is true, which any thread may set. Not to be held across a co_await.
/// Borrows: `stop`. Threads: one.
class StopScope {
 public:
  explicit StopScope(const std::atomic<bool>& stop);
  StopScope(const StopScope&) = delete;
  StopScope& operator=(const StopScope&) = delete;
  ~StopScope();

 private:
  const std::atomic<bool>* outer_;
};

/// Sees what a thread's conversions make, slice by slice, and may end them.
class WorkMeter {
 public:
  /// `bytes` are about to be made. An error ends the conversion, which then fails with it.
  virtual Result<void> pay(std::size_t bytes) = 0;

 protected:
  ~WorkMeter() = default;
};

/// While it lives, afford() on this thread asks `meter` too. Not to be held across a co_await.
/// Borrows: `meter`. Threads: one.
class MeterScope {
 public:
  explicit MeterScope(WorkMeter& meter);
  MeterScope(const MeterScope&) = delete;
  MeterScope& operator=(const MeterScope&) = delete;
  ~MeterScope();

 private:
  WorkMeter* outer_;
  bool outer_is_refused_;
};

/// True once this thread's work has been called off.
bool is_stopped();
/// kCancelled, for whoever left early because of it.
Status stopped();

/// True once this thread's work was cut: called off, too much, or refused by the meter. What was
/// read since may be less than what is there, and is not to be remembered.
bool is_cut();

/// `status`, what work ended with: or rather that it was called off, or too much, where that is why
/// and whoever made the status could not know.
Status why_ended(Status status);

/// Whether a loop may go on, asked after each step with how far it is: one comparison, and a look
/// at the stop flag once in a slice.
class Pauses {
 public:
  bool may_pass(std::size_t at) { return at < next_ || look(at); }

 private:
  bool look(std::size_t at) {
    next_ = at + kWorkSlice;
    return !is_stopped();
  }
  std::size_t next_ = kWorkSlice;
};

/// Counts `bytes` that were made; what is over the bound is refused at the next afford().
void count_work(std::size_t bytes);

/// Counts `bytes` that are about to be made. Errors: kInvalidArgument when that is more than the
/// message may cost; kCancelled. Outside of a scope nothing is counted, but 128 MiB are too much.
Result<void> afford(std::size_t bytes);

/// The same without counting them: for whoever knows only the least that it will be.
Result<void> could_afford(std::size_t bytes);

/// Affords what a loop appends to a text, slice by slice: one comparison for each element.
class Slices {
 public:
  explicit Slices(std::size_t size) : paid_(size), next_(size + kWorkSlice) {}

  /// To be asked with the text's size after each step.
  bool is_due(std::size_t size) const { return size >= next_; }
  /// Errors: afford()'s.
  Result<void> pay(std::size_t size);

 private:
  std::size_t paid_;
  std::size_t next_;
};

}  // namespace infergraph::protocol
