#include "engine/net/loop_lag.hpp"

#include <gtest/gtest.h>

#include "engine/net/ticker.hpp"

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;

TEST(LoopLag, IsWhatOthersTookBeforeTheTurn) {
  const Clock::time_point due(std::chrono::hours(5));
  EXPECT_DOUBLE_EQ(loop_lag(due, due + milliseconds(250)), 0.25);
  EXPECT_DOUBLE_EQ(loop_lag(due, due), 0);
  EXPECT_DOUBLE_EQ(loop_lag(due, due - milliseconds(1)), 0) << "early is in time";
}

struct Watched final : Timed {
  void on_deadline() override {}
};

std::uint64_t count(const metrics::HistogramCell& cell,
                    const metrics::HistogramCell::Options& bounds, double* sum = nullptr) {
  metrics::HistogramCell::Total total(bounds);
  total.include(cell);
  if (sum != nullptr) *sum = total.sum;
  std::uint64_t all = 0;
  for (const std::uint64_t in_bucket : total.counts) all += in_bucket;
  return all;
}

// Its loop is run by hand: what stands between two runs is what a handler would take.
class TickerLag : public testing::Test {
 protected:
  TickerLag() { ticker.set_lag(&lag); }

  boost::asio::io_context context{1};
  Ticker ticker{context, milliseconds(1)};
  const metrics::HistogramCell::Options bounds{{1, 10}};
  metrics::HistogramCell lag{bounds};
};

TEST_F(TickerLag, AnIdleLoopShowsNothing) {
  context.run();
  EXPECT_EQ(count(lag, bounds), 0U);
}

TEST_F(TickerLag, EachTickShowsHowLateItIs) {
  Watched watched;
  ticker.watch(watched);
  context.run_one();
  context.run_one();
  double sum = -1;
  EXPECT_EQ(count(lag, bounds, &sum), 2U);
  EXPECT_GE(sum, 0);
}

TEST_F(TickerLag, ALoopWithoutDeadlinesTicksOnceMoreAfterItWasTouched) {
  ticker.touch();
  context.run();  // ends, since nothing is armed any more
  const auto once = count(lag, bounds);
  EXPECT_GE(once, 1U);
  EXPECT_LE(once, 2U);
  context.restart();
  ticker.touch();
  context.run();
  EXPECT_GT(count(lag, bounds), once) << "touched again, it ticks again";
}

}  // namespace
}  // namespace infergraph::engine
