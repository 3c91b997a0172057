#include "graph/spec/server_kind.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "graph/spec/settings.hpp"

namespace infergraph::graph {
namespace {

using enum protocol::Protocol;

NodeSpec node(const std::string& implementation,
              const std::vector<std::pair<std::string, std::string>>& settings = {}) {
  NodeSpec made;
  made.name = "unit";
  made.endpoint.service_host = "host";
  if (!implementation.empty()) {
    made.implementation = Implementation::kPrepackaged;
    made.implementation_name = implementation;
  }
  for (const auto& [name, value] : settings) {
    EXPECT_EQ(find_setting(name)->set(made.settings, value), "");
  }
  return made;
}

TEST(ServerKind, FollowsImplementationAndGraph) {
  EXPECT_EQ(server_kind_of(node(""), kV2).protocol, kV2);
  EXPECT_EQ(server_kind_of(node("TRITON_SERVER"), kSeldon).protocol, kV2);
  for (const char* server : {"SKLEARN_SERVER", "XGBOOST_SERVER", "MLFLOW_SERVER"}) {
    EXPECT_EQ(server_kind_of(node(server), kSeldon).protocol, kSeldon);
    EXPECT_EQ(server_kind_of(node(server), kTensorflow).protocol, kSeldon);
    EXPECT_EQ(server_kind_of(node(server), kV2).protocol, kV2);
  }
  EXPECT_EQ(server_kind_of(node("SKLEARN_SERVER", {{"protocol", "tensorflow"}}), kV2).protocol,
            kTensorflow);
}

TEST(ServerKind, GuessesWhereTensorflowIs) {
  const ServerKind kind = server_kind_of(node("TENSORFLOW_SERVER"), kSeldon);
  EXPECT_EQ(kind.protocol, kTensorflow);
  EXPECT_TRUE(kind.may_be_proxy);
  ASSERT_TRUE(kind.direct);
  EXPECT_EQ(kind.direct->service_host, "host");
  EXPECT_EQ(kind.direct->http_port, 2001);
  EXPECT_EQ(kind.direct->grpc_port, 2000);
  EXPECT_EQ(kind.names, std::vector<std::string>{"unit"});
  EXPECT_EQ(server_kind_of(node("TENSORFLOW_SERVER", {{"model_name", "m"}}), kSeldon).names,
            (std::vector<std::string>{"m", "unit"}));
  EXPECT_FALSE(server_kind_of(node("TENSORFLOW_SERVER"), kTensorflow).direct);
  const ServerKind proxy =
      server_kind_of(node("TENSORFLOW_SERVER", {{"protocol", "seldon"}}), kSeldon);
  EXPECT_EQ(proxy.protocol, kSeldon);
  EXPECT_FALSE(proxy.direct);
}

TEST(ServerKind, TakesTheEndpointsGiven) {
  const ServerKind kind = server_kind_of(
      node("TENSORFLOW_SERVER",
           {{"rest_endpoint", "http://0.0.0.0:2001"}, {"grpc_endpoint", "other:2000"}}),
      kSeldon);
  EXPECT_FALSE(kind.may_be_proxy);
  EXPECT_TRUE(kind.names.empty()) << "the model's is its name";
  ASSERT_TRUE(kind.direct);
  EXPECT_EQ(kind.direct->service_host, "0.0.0.0");
  EXPECT_EQ(kind.direct->http_port, 2001);
  EXPECT_EQ(kind.direct->grpc_host, "other");
  EXPECT_EQ(kind.direct->grpc_port, 2000);
}

TEST(ServerKind, HasTheSettingsOfTheModel) {
  const protocol::ModelProfile model = server_kind_of(node("", {{"model_name", "other"},
                                                                {"signature_name", "s"},
                                                                {"model_input", "in"},
                                                                {"model_output", "out"},
                                                                {"input_names", "a=b,c=d"},
                                                                {"output_names", "e=f"}}),
                                                      kV2)
                                           .model;
  EXPECT_EQ(model.name, "other");
  EXPECT_EQ(model.signature_name, "s");
  EXPECT_EQ(model.input, "in");
  EXPECT_EQ(model.output, "out");
  EXPECT_EQ(model.input_names, (protocol::ModelProfile::Names{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(model.output_names, (protocol::ModelProfile::Names{{"e", "f"}}));
  EXPECT_EQ(server_kind_of(node(""), kV2).model.name, "unit");
}

// The operator gives the unit's own container the unit's name, whatever the setting says.
TEST(ServerKind, AsksForTheNameWithoutAProxyToo) {
  const ServerKind kind =
      server_kind_of(node("TENSORFLOW_SERVER", {{"model_name", "m"}}), kTensorflow);
  EXPECT_FALSE(kind.direct);
  EXPECT_FALSE(kind.may_be_proxy);
  EXPECT_EQ(kind.model.name, "m");
  EXPECT_EQ(kind.names, (std::vector<std::string>{"m", "unit"}));
  EXPECT_TRUE(server_kind_of(node("TENSORFLOW_SERVER"), kTensorflow).names.empty());
  EXPECT_TRUE(server_kind_of(node("", {{"model_name", "m"}}), kTensorflow).names.empty());
}

// A proxy may know ways that the engine doesn't, and the server need not be beside it then.
TEST(ServerKind, IsTheProxyWhereNobodyIsToLookFurther) {
  NodeSpec foreign = node("TENSORFLOW_SERVER");
  foreign.settings.endpoint_is_foreign = true;
  const NodeSpec off =
      node("TENSORFLOW_SERVER", {{"server_rest_port", "0"}, {"server_grpc_port", "0"}});
  for (const NodeSpec& each : {foreign, off}) {
    EXPECT_EQ(server_kind_of(each, kSeldon).protocol, kSeldon);
    EXPECT_FALSE(server_kind_of(each, kSeldon).direct);
  }
  const ServerKind moved =
      server_kind_of(node("TENSORFLOW_SERVER", {{"server_rest_port", "8501"}}), kSeldon);
  ASSERT_TRUE(moved.direct);
  EXPECT_EQ(moved.direct->http_port, 8501);
}

}  // namespace
}  // namespace infergraph::graph
