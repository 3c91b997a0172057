#include "engine/node/factory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace infergraph::engine {
namespace {

using std::chrono::milliseconds;
using enum protocol::Transport;

CallLimits of_all() {
  CallLimits made;
  made.timeout = milliseconds(5000);
  made.connect_timeout = milliseconds(700);
  made.answer = {1000, 2000};
  return made;
}

TEST(CallLimits, HoldForAllWhereTheNodeSaysNothing) {
  const CallLimits limits = limits_of({}, of_all());
  EXPECT_EQ(limits.timeout, milliseconds(5000));
  EXPECT_EQ(limits.connect_timeout, milliseconds(700));
  EXPECT_EQ(limits.answer.header, 1000U);
  EXPECT_EQ(limits.answer.body, 2000U);
}

TEST(CallLimits, AreTheNodesOwnWhereItSaysSo) {
  graph::NodeSettings settings;
  settings.timeout = milliseconds(30);
  settings.connect_timeout = milliseconds(40);
  settings.max_response_bytes = 50;
  const CallLimits limits = limits_of(settings, of_all());
  EXPECT_EQ(limits.timeout, milliseconds(30));
  EXPECT_EQ(limits.connect_timeout, milliseconds(40));
  EXPECT_EQ(limits.answer.body, 50U);
  EXPECT_EQ(limits.answer.header, 1000U) << "no node has its own";
}

TEST(CallLimits, ATimeoutOf0IsNone) {
  graph::NodeSettings settings;
  settings.timeout = milliseconds(0);
  EXPECT_EQ(limits_of(settings, of_all()).timeout, std::nullopt);
}

TEST(Endpoint, GrpcMayLiveOnAHostOfItsOwn) {
  graph::Endpoint endpoint;
  endpoint.service_host = "model";
  endpoint.http_port = 9000;
  endpoint.grpc_port = 9500;
  EXPECT_EQ(host_of(endpoint, kRest), "model");
  EXPECT_EQ(host_of(endpoint, kGrpc), "model");
  endpoint.grpc_host = "other";
  EXPECT_EQ(host_of(endpoint, kRest), "model");
  EXPECT_EQ(host_of(endpoint, kGrpc), "other");
  EXPECT_EQ(port_of(endpoint, kRest), 9000);
  EXPECT_EQ(port_of(endpoint, kGrpc), 9500);
}

TEST(NodeAccess, TakesFromItsNodeWhatCallsAreLabelledWith) {
  graph::NodeSpec node;
  node.name = "classifier";
  node.type = graph::NodeType::kRouter;
  node.image = "image";
  node.image_version = "1.2";
  const NodeAccess access(node);
  EXPECT_EQ(access.node, "classifier");
  EXPECT_EQ(access.type, graph::NodeType::kRouter);
  EXPECT_EQ(access.image, "image");
  EXPECT_EQ(access.image_version, "1.2");
}

}  // namespace
}  // namespace infergraph::engine
