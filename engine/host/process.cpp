#include "engine/host/process.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <limits>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/observe/log.hpp"

namespace infergraph::engine {
namespace {

constexpr auto kLastPatience = std::chrono::milliseconds(500);

// Before every other constructor of the program's, since libraries open descriptors in theirs.
[[gnu::constructor(101)]] void hold_standard_descriptors() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    // open() takes the lowest number that is free: this one.
    if (::fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) ::open("/dev/null", O_RDWR);
  }
}

}  // namespace

void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

void ignore_idle_signals() {
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) std::signal(signal, SIG_IGN);
}

std::size_t raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<std::size_t>::max();
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) {
    limit.rlim_cur = limit.rlim_max;
  }
  return limit.rlim_cur;
}

std::string try_threads(int count) {
  std::promise<void> enough;
  const std::shared_future<void> end = enough.get_future().share();
  std::vector<std::thread> threads;
  std::string wrong;
  try {
    for (int i = 0; i < count; ++i) threads.emplace_back([end] { end.wait(); });
  } catch (const std::system_error& error) {
    wrong = "can't start " + std::to_string(count) + " threads, only " +
            std::to_string(threads.size()) + ": " + error.code().message() +
            " (the limits are ulimit -u and the container's pids.max)";
  }
  enough.set_value();
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

void give_up(const std::string& why) {
  log::flush(kLastPatience);
  std::fprintf(stderr, "infergraph: %s\n", why.c_str());
  std::_Exit(1);
}

}  // namespace infergraph::engine
