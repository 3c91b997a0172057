#pragma once

#include <functional>
#include <memory>

#include "engine/work/budget.hpp"
#include "engine/work/pool.hpp"
#include "graph/work_place.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// A thread's way to the threads for large messages: what is short is done at once, the rest goes
/// there and comes back. Counts what messages hold.
///
/// Threads: the one of its loop. Borrows the pool and the metrics, which outlive it; it must
/// outlive the requests.
class WorkDesk final : public graph::WorkPlace {
 public:
  /// Runs something on this desk's thread, soon; called from any thread. May throw for lack of
  /// memory: then it is tried again.
  using PostHome = std::function<void(std::function<void()>)>;

  WorkDesk(WorkPool& pool, std::shared_ptr<WorkBudget> budget, PostHome post_home,
           metrics::Families* metrics, int shard);

  protocol::Result<bool> here(graph::Work& work, std::size_t bytes) override;
  Awaitable<protocol::Result<void>> elsewhere(graph::Work& work, std::size_t bytes,
                                              graph::CallContext& context) override;
  Awaitable<void> give_turn() override;

 private:
  class Ticket;

  protocol::Result<void> refused(protocol::Status why);

  WorkPool& pool_;
  std::shared_ptr<WorkBudget> budget_;
  PostHome post_home_;
  metrics::HistogramCell* queued_seconds_ = nullptr;
  metrics::HistogramCell* running_seconds_ = nullptr;
  metrics::CounterCell* refused_ = nullptr;
};

}  // namespace infergraph::engine
