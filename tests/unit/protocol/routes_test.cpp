#include "protocol/routes.hpp"

#include <gtest/gtest.h>

namespace infergraph::protocol {
namespace {

using enum Protocol;

TEST(RestPath, FollowsTheProtocol) {
  EXPECT_EQ(rest_path(kSeldon, Method::kPredict, "m"), "/predict");
  EXPECT_EQ(rest_path(kSeldon, Method::kSendFeedback, "m"), "/send-feedback");
  EXPECT_EQ(rest_path(kTensorflow, Method::kTransformInput, "m"), "/v1/models/m:predict");
  EXPECT_EQ(rest_path(kTensorflow, Method::kPredict, "m/versions/3", Operation::kRegress),
            "/v1/models/m/versions/3:regress");
  EXPECT_EQ(rest_path(kTensorflow, Method::kAggregate, "m"), "/v1/models/m:aggregate");
  EXPECT_EQ(rest_path(kTensorflow, Method::kRoute, "m"), "/v1/models/m:route");
  EXPECT_EQ(rest_path(kTensorflow, Method::kStatus, "m"), "/v1/models/m");
  EXPECT_EQ(rest_path(kTensorflow, Method::kMetadata, "m"), "/v1/models/m/metadata");
  EXPECT_EQ(rest_path(kTensorflow, Method::kSendFeedback, "m"), "");
  EXPECT_EQ(rest_path(kV2, Method::kTransformOutput, "m"), "/v2/models/m/infer");
  EXPECT_EQ(rest_path(kV2, Method::kAggregate, "m"), "/v2/models/m/aggregate");
  EXPECT_EQ(rest_path(kV2, Method::kRoute, "m"), "/v2/models/m/route");
  EXPECT_EQ(rest_path(kV2, Method::kStatus, "m"), "/v2/models/m/ready");
  EXPECT_EQ(rest_path(kV2, Method::kStatus, ""), "/v2/health/ready");
  EXPECT_EQ(rest_path(kV2, Method::kMetadata, "m"), "/v2/models/m");
}

TEST(GrpcMethod, FollowsTheProtocol) {
  EXPECT_EQ(grpc_method(kTensorflow, Method::kPredict, true, Operation::kMultiInference),
            "/tensorflow.serving.PredictionService/MultiInference");
  EXPECT_EQ(grpc_method(kTensorflow, Method::kStatus),
            "/tensorflow.serving.ModelService/GetModelStatus");
  EXPECT_EQ(grpc_method(kV2, Method::kTransformInput),
            "/inference.GRPCInferenceService/ModelInfer");
  EXPECT_EQ(grpc_method(kV2, Method::kStatus, false),
            "/inference.GRPCInferenceService/ServerReady");
  EXPECT_EQ(grpc_method(kV2, Method::kRoute), "");
  EXPECT_EQ(grpc_method(kTensorflow, Method::kSendFeedback), "");
}

TEST(ProtocolOf, KnowsEveryName) {
  EXPECT_EQ(protocol_of("kfserving"), kV2);
  for (const Protocol protocol : {kSeldon, kTensorflow, kV2}) {
    EXPECT_EQ(protocol_of(name_of(protocol)), protocol);
  }
  EXPECT_EQ(protocol_of("V2"), std::nullopt);
}

TEST(Percent, GoesThereAndBack) {
  EXPECT_EQ(percent_encoded("a b/ä~"), "a%20b%2F%C3%A4~");
  EXPECT_EQ(percent_decoded("a%20b%2F%C3%A4%zz%4"), "a b/ä%zz%4");
}

}  // namespace
}  // namespace infergraph::protocol
