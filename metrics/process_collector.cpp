#include "metrics/process_collector.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace infergraph::metrics {
namespace {

std::string read_file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// What proc(5) numbers 20, 22, 23 and 24 in /proc/self/stat.
struct Stat {
  double threads = 0;
  double start_ticks = 0;  // since boot
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<Stat> read_stat() {
  const std::string text = read_file("/proc/self/stat");
  // The second field is the program's name in parentheses, and may hold spaces and parentheses.
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(end_of_name + 1);
  Stat stat;
  for (int field = 3; field <= 24; ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (word.empty()) return std::nullopt;
    double value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    if (field == 20) stat.threads = value;
    if (field == 22) stat.start_ticks = value;
    if (field == 23) stat.virtual_bytes = value;
    if (field == 24) stat.resident_pages = value;
    rest.remove_prefix(word.size());
  }
  return stat;
}

double read_start_time() {
  const auto stat = read_stat();
  const std::string text = read_file("/proc/stat");
  constexpr std::string_view kKey = "\nbtime ";
  const std::size_t at = text.find(kKey);
  if (!stat || at == std::string::npos) return 0;
  double boot = 0;
  std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), boot);
  return boot + stat->start_ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::optional<double> count_open_files() {
  constexpr const char* kFolder = "/proc/self/fd";
  // Since Linux 6.2 the folder's size is the count; a walk over thousands of entries is not cheap.
  struct stat folder {};
  if (::stat(kFolder, &folder) == 0 && folder.st_size > 0)
    return static_cast<double>(folder.st_size);
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator entry(kFolder, error), end; !error && entry != end;
       entry.increment(error))
    ++count;
  if (error || count == 0) return std::nullopt;
  return count - 1;  // without the one that was opened for the walk
}

prometheus::MetricFamily gauge(std::string name, std::string help, double value) {
  prometheus::MetricFamily family{
      std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
  family.metric.emplace_back().gauge.value = value;
  return family;
}

}  // namespace

ProcessCollector::ProcessCollector() : start_time_(read_start_time()) {}

std::vector<prometheus::MetricFamily> ProcessCollector::Collect() const {
  std::vector<prometheus::MetricFamily> all;
  timespec cpu{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0) {
    prometheus::MetricFamily family{"process_cpu_seconds_total",
                                    "Total user and system CPU time spent in seconds.",
                                    prometheus::MetricType::Counter,
                                    {}};
    family.metric.emplace_back().counter.value =
        static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) * 1e-9;
    all.push_back(std::move(family));
  }
  if (const auto open = count_open_files())
    all.push_back(gauge("process_open_fds", "Number of open file descriptors.", *open));
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0)
    all.push_back(gauge("process_max_fds", "Maximum number of open file descriptors.",
                        static_cast<double>(files.rlim_cur)));
  if (const auto stat = read_stat()) {
    all.push_back(gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.",
                        stat->virtual_bytes));
    all.push_back(gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
                        stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE))));
    all.push_back(gauge("process_threads", "Number of threads.", stat->threads));
  }
  if (start_time_ > 0)
    all.push_back(gauge("process_start_time_seconds",
                        "Start time of the process since the Unix epoch in seconds.", start_time_));
  return all;
}

}  // namespace infergraph::metrics
