#include "engine/observe/line_writer.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace infergraph::engine {
namespace {

// What is queued gets this long to be written in the end.
constexpr auto kLastPatience = std::chrono::milliseconds(500);

}  // namespace

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      // Somebody made the descriptor, which is shared with others, non-blocking.
      pollfd ready{descriptor, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

struct LineWriter::State {
  State(int its_descriptor, TellDropped its_tell, std::size_t its_most)
      : descriptor(its_descriptor), tell(std::move(its_tell)), most_queued(its_most) {}

  void run();
  /// False when the line is lost, or part of it; also for want of memory.
  bool put(const std::string& line) noexcept;
  bool put_missing(std::uint64_t count) noexcept;

  const int descriptor;
  const TellDropped tell;
  const std::size_t most_queued;
  std::atomic<std::uint64_t> dropped{0};

  bool broken = false;  // the last line was written in part; the thread's own

  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by mutex.
  std::vector<std::string> queue;
  std::size_t queued = 0;    // bytes in it
  std::uint64_t untold = 0;  // dropped behind what is in it
  bool writing = false;
  bool stopping = false;
};

// Nobody is above this thread to catch what is thrown on it.
bool LineWriter::State::put(const std::string& line) noexcept {
  try {
    // In one piece, which a pipe keeps whole beside what others write to it.
    const std::string text = (broken ? "\n" : "") + line + "\n";
    broken = !write_all(descriptor, text);
    return !broken;
  } catch (...) {
    return false;
  }
}

bool LineWriter::State::put_missing(std::uint64_t count) noexcept {
  try {
    return put(tell(count));
  } catch (...) {
    return false;
  }
}

void LineWriter::State::run() {
  pthread_setname_np(pthread_self(), "log");
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || !queue.empty(); });
    if (queue.empty()) return;
    const auto lines = std::exchange(queue, {});
    queued = 0;
    std::uint64_t lost = std::exchange(untold, 0);
    writing = true;
    lock.unlock();
    for (const std::string& line : lines) {
      if (put(line)) continue;
      ++lost;
      dropped.fetch_add(1, std::memory_order_relaxed);
    }
    if (lost > 0 && put_missing(lost)) lost = 0;
    lock.lock();
    untold += lost;
    writing = false;
    changed.notify_all();
  }
}

LineWriter::LineWriter(int descriptor, TellDropped tell, std::size_t most_queued)
    : state_(std::make_shared<State>(descriptor, std::move(tell), most_queued)) {
  std::thread([state = state_] { state->run(); }).detach();
}

LineWriter::~LineWriter() {
  flush(kLastPatience);
  const std::lock_guard lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
}

void LineWriter::write(std::string line) {
  const std::lock_guard lock(state_->mutex);
  if (state_->queued + line.size() > state_->most_queued) {
    ++state_->untold;
    state_->dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::size_t size = line.size() + sizeof(line);
  state_->queue.push_back(std::move(line));
  state_->queued += size;  // not before: that may throw
  if (state_->queue.size() == 1) state_->changed.notify_all();
}

bool LineWriter::flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit,
                                  [this] { return state_->queue.empty() && !state_->writing; });
}

std::uint64_t LineWriter::dropped() const {
  return state_->dropped.load(std::memory_order_relaxed);
}

}  // namespace infergraph::engine
