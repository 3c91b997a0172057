#include "engine/probe_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infergraph::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum protocol::Protocol;
using enum protocol::Transport;

class ProbePlanTest : public testing::Test {
 protected:
  graph::NodeSpec& add(const std::string& name, const std::string& host, std::uint16_t http_port,
                       std::uint16_t grpc_port = 0) {
    graph::NodeSpec node;
    node.name = name;
    node.type = graph::NodeType::kModel;
    node.endpoint.service_host = host;
    node.endpoint.http_port = http_port;
    node.endpoint.grpc_port = grpc_port;
    predictor_.nodes.push_back(node);
    return predictor_.nodes.back();
  }
  graph::NodeSpec& add_tensorflow(const std::string& name) {
    graph::NodeSpec& node = add(name, "host", 9000);
    node.implementation = graph::Implementation::kPrepackaged;
    node.implementation_name = "TENSORFLOW_SERVER";
    return node;
  }

  std::vector<PlannedProbe> plan(bool full = false, const std::string& protocol = "seldon") {
    Options options;
    options.protocol = protocol;
    return plan_probes(ServedGraph(options, predictor_), full);
  }
  // "host:port: node, node"
  std::vector<std::string> places(bool full = false, const std::string& protocol = "seldon") {
    std::vector<std::string> made;
    for (const PlannedProbe& probe : plan(full, protocol)) {
      std::string text = probe.host + ":" + std::to_string(probe.port);
      for (const auto& needed : probe.nodes) {
        text += (&needed == &probe.nodes.front() ? ": " : ", ") + needed.node->name;
      }
      made.push_back(text);
    }
    return made;
  }

  graph::PredictorSpec predictor_;
};

TEST_F(ProbePlanTest, LooksOnceAtWhatSeveralNodesShare) {
  add("a", "one", 9000);
  add("b", "one", 9000);
  add("c", "two", 9000);
  add("d", "one", 9001);
  EXPECT_THAT(places(), ElementsAre("one:9000: a, b", "one:9001: d", "two:9000: c"));
}

TEST_F(ProbePlanTest, WhatIsInTheProcessIsNotLookedAt) {
  predictor_.nodes.emplace_back();
  EXPECT_THAT(places(), IsEmpty());
}

TEST_F(ProbePlanTest, TheServicePortIsConnectedToAndTheCalledOneAskedForHealth) {
  add("a", "one", 9000).endpoint.service_port = 8000;
  EXPECT_THAT(places(), ElementsAre("one:8000: a"));
  EXPECT_THAT(places(true), ElementsAre("one:9000: a"));
}

TEST_F(ProbePlanTest, ANodesOwnSettingGoesBeforeTheFlag) {
  add("a", "one", 9000).settings.full_health_checks = true;
  EXPECT_TRUE(plan(false).front().full_health_check);
  predictor_.nodes.front().settings.full_health_checks = false;
  EXPECT_FALSE(plan(true).front().full_health_check);
}

TEST_F(ProbePlanTest, GoesOverGrpcOnlyWhereThereIsNothingElse) {
  add("both", "one", 9000, 9500);
  add("grpc", "two", 0, 9500);
  const auto probes = plan();
  EXPECT_EQ(probes[0].transport, kRest);
  EXPECT_EQ(probes[0].port, 9000);
  EXPECT_EQ(probes[1].transport, kGrpc);
  EXPECT_EQ(probes[1].port, 9500);
}

TEST_F(ProbePlanTest, TheProxyOfAModelServerIsNeededUntilThatIsFound) {
  add_tensorflow("m");
  const auto probes = plan();
  ASSERT_EQ(probes.size(), 1U);
  EXPECT_EQ(probes[0].port, 9000);
  EXPECT_EQ(probes[0].protocol, kSeldon);
  EXPECT_TRUE(probes[0].nodes.front().is_told);
  EXPECT_FALSE(plan(false, "tensorflow").front().nodes.front().is_told)
      << "connecting to a model server without a proxy tells enough";
}

TEST_F(ProbePlanTest, ModelsOfOneServerAreAskedForTheirHealthEachByItself) {
  add_tensorflow("m");
  add_tensorflow("n").settings.model_name = "other";
  EXPECT_THAT(places(false, "tensorflow"), ElementsAre("host:9000: m, n"));
  EXPECT_THAT(places(true, "tensorflow"), ElementsAre("host:9000: m", "host:9000: n"));
  const auto probes = plan(true, "tensorflow");
  EXPECT_EQ(probes[0].model, "m");
  EXPECT_FALSE(probes[0].nodes.front().is_told);
  EXPECT_EQ(probes[1].model, "other");
  EXPECT_TRUE(probes[1].nodes.front().is_told) << "it may answer under either name";
}

}  // namespace
}  // namespace infergraph::engine
