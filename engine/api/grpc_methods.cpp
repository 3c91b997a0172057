#include "engine/api/grpc_methods.hpp"

#include <algorithm>
#include <array>

namespace infergraph::engine {

using protocol::Operation;
using enum protocol::Protocol;

namespace {

constexpr std::array kAll = {
    GrpcMethod{"/seldon.protos.Seldon/Predict", kSeldon, GrpcAction::kPredict},
    GrpcMethod{"/seldon.protos.Model/Predict", kSeldon, GrpcAction::kPredict},
    GrpcMethod{"/seldon.protos.Generic/TransformInput", kSeldon, GrpcAction::kPredict},
    GrpcMethod{"/seldon.protos.Seldon/SendFeedback", kSeldon, GrpcAction::kFeedback},
    GrpcMethod{"/seldon.protos.Model/SendFeedback", kSeldon, GrpcAction::kFeedback},
    GrpcMethod{"/seldon.protos.Generic/SendFeedback", kSeldon, GrpcAction::kFeedback},
    GrpcMethod{"/seldon.protos.Seldon/ModelMetadata", kSeldon, GrpcAction::kModelMetadata},
    GrpcMethod{"/seldon.protos.Model/Metadata", kSeldon, GrpcAction::kRootMetadata},
    GrpcMethod{"/seldon.protos.Seldon/GraphMetadata", kSeldon, GrpcAction::kGraphMetadata},
    GrpcMethod{"/tensorflow.serving.PredictionService/Predict", kTensorflow, GrpcAction::kPredict},
    GrpcMethod{"/tensorflow.serving.PredictionService/Classify", kTensorflow, GrpcAction::kPredict,
               Operation::kClassify},
    GrpcMethod{"/tensorflow.serving.PredictionService/Regress", kTensorflow, GrpcAction::kPredict,
               Operation::kRegress},
    GrpcMethod{"/tensorflow.serving.PredictionService/MultiInference", kTensorflow,
               GrpcAction::kPredict, Operation::kMultiInference},
    GrpcMethod{"/tensorflow.serving.PredictionService/GetModelMetadata", kTensorflow,
               GrpcAction::kModelMetadata},
    GrpcMethod{"/tensorflow.serving.ModelService/GetModelStatus", kTensorflow,
               GrpcAction::kModelStatus},
    GrpcMethod{"/inference.GRPCInferenceService/ServerLive", kV2, GrpcAction::kServerLive},
    GrpcMethod{"/inference.GRPCInferenceService/ServerReady", kV2, GrpcAction::kServerReady},
    GrpcMethod{"/inference.GRPCInferenceService/ServerMetadata", kV2, GrpcAction::kServerMetadata},
    GrpcMethod{"/inference.GRPCInferenceService/ModelReady", kV2, GrpcAction::kModelStatus},
    GrpcMethod{"/inference.GRPCInferenceService/ModelMetadata", kV2, GrpcAction::kModelMetadata},
    GrpcMethod{"/inference.GRPCInferenceService/ModelInfer", kV2, GrpcAction::kPredict},
};

}  // namespace

std::vector<GrpcMethod> grpc_methods(const Protocols& protocols) {
  std::vector<GrpcMethod> made;
  std::copy_if(kAll.begin(), kAll.end(), std::back_inserter(made), [&](const GrpcMethod& method) {
    return std::find(protocols.begin(), protocols.end(), method.protocol) != protocols.end();
  });
  return made;
}

}  // namespace infergraph::engine
