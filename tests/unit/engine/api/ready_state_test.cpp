#include "engine/api/ready_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using News = ReadyState::News;

constexpr protocol::Transport kRest = protocol::Transport::kRest;

ReadyState::Endpoint endpoint(const std::string& node) { return {node + ":9000", {node}}; }

// What a look brings.
ReadyState::Look up() { return {}; }
ReadyState::Look missing(const std::string& error = "refused") { return {error, false}; }
ReadyState::Look exhausted() { return {"no descriptors", true}; }

std::vector<std::string> missing_in(const std::string& report) {
  rapidjson::Document read;
  read.Parse(report.data(), report.size());
  std::vector<std::string> names;
  for (const auto& name : read["missing"].GetArray()) names.emplace_back(name.GetString());
  return names;
}

TEST(ReadyState, WithoutEndpointsItIsReadyAtOnce) { EXPECT_TRUE(ReadyState().ready()); }

TEST(ReadyState, IsReadyOnceEveryEndpointIsUp) {
  ReadyState state({endpoint("a"), endpoint("b")}, {}, nullptr);
  EXPECT_FALSE(state.ready());
  EXPECT_THAT(missing_in(state.report()), ElementsAre("a", "b"));
  EXPECT_EQ(state.take(0, up()), News::kUp);
  EXPECT_FALSE(state.ready());
  EXPECT_THAT(missing_in(state.report()), ElementsAre("b"));
  EXPECT_EQ(state.take(1, up()), News::kUp);
  EXPECT_TRUE(state.ready());
  EXPECT_EQ(state.take(0, missing()), News::kMissing);
  EXPECT_FALSE(state.ready());
}

TEST(ReadyState, OnlyAChangeIsNews) {
  ReadyState state({endpoint("a")}, {}, nullptr);
  EXPECT_EQ(state.take(0, missing()), News::kMissing) << "the first look is news";
  EXPECT_EQ(state.take(0, missing("another reason")), News::kNone);
  EXPECT_EQ(state.take(0, up()), News::kUp);
  EXPECT_EQ(state.take(0, up()), News::kNone);
}

TEST(ReadyState, WhatItCouldNotLookAtStaysAsItWas) {
  ReadyState state({endpoint("a")}, {}, nullptr);
  EXPECT_EQ(state.take(0, exhausted()), News::kExhausted);
  EXPECT_FALSE(state.ready());
  EXPECT_THAT(state.report(), HasSubstr("not probed yet"));
  EXPECT_EQ(state.take(0, exhausted()), News::kNone) << "is told once";
  EXPECT_EQ(state.take(0, up()), News::kUp);
  EXPECT_EQ(state.take(0, exhausted()), News::kExhausted) << "and again after a look";
  EXPECT_TRUE(state.ready());
  EXPECT_EQ(state.take(0, {"", true}), News::kNone) << "a node that answered is up all the same";
  EXPECT_TRUE(state.ready());
}

TEST(ReadyState, AProxyIsNotNeededOnceItsServerIsFound) {
  const auto found = std::make_shared<graph::FoundServer>();
  ReadyState state({{"proxy:9000", {"m"}, {found}}}, {}, nullptr);
  EXPECT_EQ(state.take(0, missing()), News::kMissing);
  EXPECT_FALSE(state.ready());
  found->set(kRest, 0);
  state.found_changed();
  EXPECT_TRUE(state.ready());
  EXPECT_EQ(state.take(0, up()), News::kNone) << "nobody wants to know";
  EXPECT_EQ(state.take(0, missing()), News::kNone);
  EXPECT_TRUE(state.ready());
  found->set(kRest, graph::ServerFinder::kProxy);
  state.found_changed();
  EXPECT_FALSE(state.ready());
  EXPECT_THAT(missing_in(state.report()), ElementsAre("m"));
}

TEST(ReadyState, AnEndpointIsNeededWhileOneOfItsNodesNeedsIt) {
  const auto found = std::make_shared<graph::FoundServer>();
  found->set(kRest, 0);
  ReadyState state({{"shared:9000", {"proxied", "plain"}, {found, nullptr}}}, {}, nullptr);
  state.take(0, missing());
  EXPECT_FALSE(state.ready());
  EXPECT_THAT(missing_in(state.report()), ElementsAre("plain"));
}

TEST(ReadyState, AStopIsForGood) {
  ReadyState state({endpoint("a")}, {}, nullptr);
  state.take(0, up());
  state.stop_serving();
  EXPECT_FALSE(state.ready());
  EXPECT_THAT(missing_in(state.report()), IsEmpty());
  EXPECT_THAT(state.report(), HasSubstr(R"("info":"stopping")"));
  state.take(0, up());
  EXPECT_FALSE(state.ready());
}

TEST(ReadyState, ReportsWhoIsMissingWhereAndWhy) {
  ReadyState state({endpoint("a"), endpoint("b"), endpoint("c")}, {}, nullptr);
  state.take(0, missing("refused"));
  state.take(1, up());
  EXPECT_EQ(state.report(),
            R"j({"status":{"code":503,"info":"missing: a (a:9000: refused), )j"
            R"j(c (c:9000: not probed yet)","reason":"UNAVAILABLE","status":"FAILURE"},)j"
            R"j("missing":["a","c"]})j");
  EXPECT_THAT(state.report(), Not(HasSubstr("b:9000")));
}

TEST(ReadyState, TellsEachChangeOnceAndTheFirstStateAtOnce) {
  ReadyState state({endpoint("a")}, {}, nullptr);
  std::vector<bool> told;
  state.on_change([&](bool ready) { told.push_back(ready); });
  EXPECT_THAT(told, ElementsAre(false));
  state.take(0, missing());
  state.take(0, up());
  state.take(0, up());
  state.stop_serving();
  EXPECT_THAT(told, ElementsAre(false, true, false));
}

TEST(ReadyState, TheGaugeShowsIt) {
  metrics::GaugeCell gauge({});
  const auto shown = [&] {
    metrics::GaugeCell::Total total({});
    total.include(gauge);
    return total.value;
  };
  ReadyState state({endpoint("a")}, {}, &gauge);
  EXPECT_EQ(shown(), 0);
  state.take(0, up());
  EXPECT_EQ(shown(), 1);
  state.stop_serving();
  EXPECT_EQ(shown(), 0);
}

TEST(ReadyState, WhatIsMissingIsLookedAtSooner) {
  const Clock::time_point now{};
  ReadyState state({endpoint("a")}, {.up = milliseconds(1000), .missing = milliseconds(100)},
                   nullptr);
  state.take(0, missing());
  EXPECT_EQ(state.next_look(0, now), now + milliseconds(100));
  state.take(0, up());
  EXPECT_EQ(state.next_look(0, now), now + milliseconds(1000));
  state.take(0, exhausted());
  EXPECT_EQ(state.next_look(0, now), now + milliseconds(1000)) << "it counts as up";
}

}  // namespace
}  // namespace infergraph::engine
