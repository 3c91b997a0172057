#pragma once

#include <cstddef>
#include <memory>

#include "engine/command_line/options.hpp"
#include "engine/work/budget.hpp"
#include "engine/work/desk.hpp"
#include "engine/work/pool.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// Where large messages are worked on, and beside them large pages of metrics, which must neither
/// wait behind messages nor be refused because of them. Threads: the one that made it, but for what
/// the desks do.
class WorkRooms {
 public:
  /// For a graph of so many nodes. Tells `metrics` of its load; they outlive it.
  WorkRooms(const Options& options, std::size_t nodes, metrics::Families& metrics);

  /// A thread's desks in either room.
  std::unique_ptr<WorkDesk> message_desk(WorkDesk::PostHome post_home, int shard);
  std::unique_ptr<WorkDesk> page_desk(WorkDesk::PostHome post_home, int shard);

  /// Ends the threads, before the loops that they post to.
  void close();

 private:
  metrics::Families& metrics_;
  std::shared_ptr<WorkBudget> message_budget_;
  std::shared_ptr<WorkBudget> page_budget_;
  std::unique_ptr<WorkPool> messages_;
  std::unique_ptr<WorkPool> pages_;
};

}  // namespace infergraph::engine
