#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace infergraph::engine {

/// Writes lines to a descriptor on a thread of its own, so that nobody ever waits for who reads
/// them. What is more than the queue holds is dropped and counted, and so is what can't be written
/// (no reader, no room on the disk, no memory); once lines go again, one tells how many are
/// missing.
///
/// Threads: any; destroyed after the last write().
/// Borrows the descriptor, which may be in use until the process ends: a reader that stalls may
/// keep the thread in write(2), where nothing reaches it.
class LineWriter {
 public:
  static constexpr std::size_t kMostQueued = std::size_t{1} << 20;  ///< bytes

  /// The line that tells of so many missing ones; without its line break, as all.
  using TellDropped = std::function<std::string(std::uint64_t count)>;

  /// Throws std::system_error when no thread can be started.
  LineWriter(int descriptor, TellDropped tell, std::size_t most_queued = kMostQueued);
  /// Writes what is queued, unless that takes long.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Queues or drops it; never waits for the descriptor.
  void write(std::string line);
  /// Waits until all is written or dropped; false if that is not so within `limit`.
  bool flush(std::chrono::milliseconds limit);
  /// Lines that were dropped, since the beginning.
  std::uint64_t dropped() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // with the thread, which may outlive this object
};

/// Writes all of `text`; waits for the descriptor where it must. False if that can't be, with some
/// of it perhaps written.
bool write_all(int descriptor, std::string_view text);

}  // namespace infergraph::engine
