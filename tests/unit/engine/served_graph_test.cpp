#include "engine/served_graph.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infergraph::engine {
namespace {

using enum protocol::Protocol;

class ServedGraphTest : public testing::Test {
 protected:
  void add(const std::string& name, const std::string& implementation = "") {
    graph::NodeSpec node;
    node.name = name;
    node.type = graph::NodeType::kModel;
    node.endpoint.service_host = name;
    node.endpoint.http_port = 9000;
    if (!implementation.empty()) {
      node.implementation = graph::Implementation::kPrepackaged;
      node.implementation_name = implementation;
    }
    predictor_.nodes.push_back(node);
  }
  ServedGraph served(const std::string& protocol) {
    Options options;
    options.protocol = protocol;
    return {options, predictor_};
  }

  graph::PredictorSpec predictor_;
};

TEST_F(ServedGraphTest, CallersSpeakWhatWasAskedFor) {
  add("m");
  EXPECT_EQ(served("v2").protocols(), Protocols{kV2});
  EXPECT_EQ(served("seldon,v2").protocols(), (Protocols{kSeldon, kV2}));
}

TEST_F(ServedGraphTest, CallersSpeakTensorflowWhereATensorflowServingIsANode) {
  add("m", "TENSORFLOW_SERVER");
  EXPECT_EQ(served("seldon").protocols(), (Protocols{kSeldon, kTensorflow}));
  EXPECT_EQ(served("tensorflow").protocols(), Protocols{kTensorflow});
}

TEST_F(ServedGraphTest, IsMixedWhereACallerMayBeOfAnotherProtocolThanANode) {
  add("m");
  EXPECT_FALSE(served("seldon").is_mixed());
  EXPECT_FALSE(served("v2").is_mixed());
  EXPECT_TRUE(served("seldon,v2").is_mixed());
  add("triton", "TRITON_SERVER");
  EXPECT_TRUE(served("seldon").is_mixed());
}

TEST_F(ServedGraphTest, IsSingleWithOneNode) {
  add("m");
  EXPECT_TRUE(served("seldon").is_single());
  add("n");
  EXPECT_FALSE(served("seldon").is_single());
}

TEST_F(ServedGraphTest, WhatIsInTheProcessIsNotCalled) {
  graph::NodeSpec fan_out;
  EXPECT_FALSE(is_remote(fan_out));
  graph::NodeSpec built_in;
  built_in.implementation = graph::Implementation::kAverageCombiner;
  EXPECT_FALSE(is_remote(built_in));
  add("m");
  EXPECT_TRUE(is_remote(predictor_.nodes.front()));
}

}  // namespace
}  // namespace infergraph::engine
