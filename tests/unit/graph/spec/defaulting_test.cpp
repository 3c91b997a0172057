// What the operator's webhook fills in a cluster, and where it is filled here.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/graph/spec/graph_text.hpp"

namespace infergraph::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// "name type host http grpc service" of each node.
std::vector<std::string> endpoints(const PredictorSpec& predictor) {
  std::vector<std::string> made;
  for (const NodeSpec& node : predictor.nodes) {
    const Endpoint& endpoint = node.endpoint;
    made.push_back(node.name + (node.type == NodeType::kModel ? " MODEL " : " - ") +
                   endpoint.service_host + " " + std::to_string(endpoint.http_port) + " " +
                   std::to_string(endpoint.grpc_port) + " " +
                   std::to_string(endpoint.service_port));
  }
  return made;
}

std::vector<std::string> endpoints_of(const std::string& graph) {
  const SpecReading reading = read_yaml(yaml_around(graph));
  EXPECT_THAT(said(reading), IsEmpty()) << graph;
  return endpoints(reading.deployment.predictors.at(0));
}

TEST(Defaulting, NumbersContainersThenUnitsOverAllPredictors) {
  const SpecReading reading = read_deployment_file(data_file("for_cluster.yaml"));
  ASSERT_THAT(said(reading), IsEmpty());
  // model 0, sidecar 1, route 2 (whose http port is named), served 3; then other 4.
  EXPECT_THAT(
      endpoints(reading.deployment.predictors[0]),
      ElementsAre("route - localhost 7000 9502 7000", "model MODEL localhost 9000 9500 9000",
                  "served MODEL localhost 9003 9503 9003", "simple -  0 0 0"));
  EXPECT_THAT(
      endpoints(reading.deployment.predictors[1]),
      ElementsAre("model MODEL localhost 9000 9500 9500", "other - localhost 9004 9504 9004"));
}

TEST(Defaulting, LeavesNodesWithAPortAlone) {
  EXPECT_THAT(endpoints_of("{name: a, endpoint: {grpcPort: 7}}"),
              ElementsAre("a - localhost 0 7 0"));
  EXPECT_THAT(endpoints_of("{name: a, endpoint: {service_port: 7, type: REST}}"),
              ElementsAre("a - localhost 7 0 7"));
}

TEST(Defaulting, KeepsAGivenHost) {
  EXPECT_THAT(endpoints_of("{name: a, endpoint: {service_host: h, type: GRPC}}"),
              ElementsAre("a MODEL h 9000 9500 9500"));
}

TEST(Defaulting, GivesNoPortTwice) {
  EXPECT_THAT(endpoints_of("{name: a, type: MODEL, endpoint: {httpPort: 9000}, "
                           "children: [{name: b, type: ROUTER}]}"),
              ElementsAre("a MODEL localhost 9000 0 0", "b - localhost 9001 9501 9001"));
}

TEST(Defaulting, KeepsATypeOrMethodsThatAreGiven) {
  EXPECT_THAT(endpoints_of("{name: a, type: UNKNOWN_TYPE, methods: [ROUTE]}"),
              ElementsAre("a - localhost 9000 9500 9000"));
  EXPECT_THAT(endpoints_of("{name: a, methods: [], endpoint: {}}"),
              ElementsAre("a MODEL localhost 9000 9500 9000"));
}

TEST(Defaulting, LeavesAFanOutAlone) {
  for (const std::string more : {"", ", type: UNKNOWN_TYPE",
                                 ", implementation: "
                                 "UNKNOWN_IMPLEMENTATION",
                                 ", methods: []", ", endpoint: ~"}) {
    const SpecReading reading =
        read_yaml(yaml_around("{name: fan" + more + ", children: [{name: a, type: MODEL}]}"));
    ASSERT_THAT(said(reading), IsEmpty()) << more;
    const std::vector<NodeSpec>& nodes = reading.deployment.predictors[0].nodes;
    EXPECT_TRUE(is_fan_out(nodes[0])) << more;
    EXPECT_EQ(nodes[1].endpoint.http_port, 9000) << "it takes no number";
  }
}

TEST(Defaulting, MakesAPrepackagedServerAModel) {
  EXPECT_THAT(endpoints_of("{name: a, implementation: MY_SERVER, type: ROUTER, endpoint: "
                           "{httpPort: 1}}"),
              ElementsAre("a MODEL localhost 1 0 0"));
  const SpecReading reading = read_yaml(yaml_around("{name: a, implementation: MY_SERVER}"));
  const NodeSpec& node = reading.deployment.predictors[0].nodes[0];
  EXPECT_EQ(node.implementation, Implementation::kPrepackaged);
  EXPECT_EQ(node.implementation_name, "MY_SERVER");
}

TEST(Defaulting, PutsServicePortWhereTheTransportIs) {
  std::string text = yaml_around("{name: a, type: MODEL}");
  text.replace(text.find("spec:\n"), 6, "spec:\n  transport: grpc\n");
  const SpecReading reading = read_yaml(text);
  ASSERT_THAT(said(reading), IsEmpty());
  EXPECT_THAT(endpoints(reading.deployment.predictors[0]),
              ElementsAre("a MODEL localhost 9000 9500 9500"));
}

}  // namespace
}  // namespace infergraph::graph
