#include "engine/work_rooms.hpp"

#include <utility>

#include "engine/host/cpu_count.hpp"
#include "engine/host/memory_limit.hpp"

namespace infergraph::engine {

namespace {

// Large messages that may wait for a thread: what each holds is bounded besides.
constexpr std::size_t kMostWaitingWork = 1024;
// Scrapes that may wait.
constexpr std::size_t kMostWaitingPages = 64;
// What pages of metrics may hold together: several of any graph, and no lone one is refused.
constexpr std::size_t kMostPageBytes = std::size_t{64} << 20;
constexpr std::size_t kMostPageBytesOfNode = std::size_t{64} << 10;

}  // namespace

WorkRooms::WorkRooms(const Options& options, std::size_t nodes, metrics::Families& metrics)
    : metrics_(metrics),
      message_budget_(std::make_shared<WorkBudget>(
          options.max_work_bytes.value_or(default_work_bytes()), "--max_work_bytes")),
      page_budget_(std::make_shared<WorkBudget>(kMostPageBytes + nodes * kMostPageBytesOfNode)),
      messages_(std::make_unique<WorkPool>(work_thread_count(), kMostWaitingWork)),
      pages_(std::make_unique<WorkPool>(1, kMostWaitingPages)) {
  metrics_.add_work_load([budget = message_budget_, work = messages_.get()] {
    metrics::WorkLoad load;
    load.bytes = static_cast<double>(budget->taken());
    load.waiting = static_cast<double>(work->waiting());
    load.running = static_cast<double>(work->running());
    return load;
  });
}

std::unique_ptr<WorkDesk> WorkRooms::message_desk(WorkDesk::PostHome post_home, int shard) {
  return std::make_unique<WorkDesk>(*messages_, message_budget_, std::move(post_home), &metrics_,
                                    shard);
}

std::unique_ptr<WorkDesk> WorkRooms::page_desk(WorkDesk::PostHome post_home, int shard) {
  return std::make_unique<WorkDesk>(*pages_, page_budget_, std::move(post_home), nullptr, shard);
}

void WorkRooms::close() {
  messages_.reset();
  pages_.reset();
}

}  // namespace infergraph::engine
