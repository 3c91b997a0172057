#include "engine/api/grpc_methods.hpp"

#include <algorithm>
#include <array>

namespace infergraph::engine {

using protocol::Operation;
using enum protocol::Protocol;

namespace {

constexpr std::array kAll = {
    GrpcMethod{"/seldon.protos.Seldon/Predict", kSeldon, Asked::kPredictions},
    GrpcMethod{"/seldon.protos.Model/Predict", kSeldon, Asked::kPredictions},
    GrpcMethod{"/seldon.protos.Generic/TransformInput", kSeldon, Asked::kPredictions},
    GrpcMethod{"/seldon.protos.Seldon/SendFeedback", kSeldon, Asked::kFeedback},
    GrpcMethod{"/seldon.protos.Model/SendFeedback", kSeldon, Asked::kFeedback},
    GrpcMethod{"/seldon.protos.Generic/SendFeedback", kSeldon, Asked::kFeedback},
    GrpcMethod{"/seldon.protos.Seldon/ModelMetadata", kSeldon, Asked::kMetadata},
    GrpcMethod{"/seldon.protos.Model/Metadata", kSeldon, Asked::kRootMetadata},
    GrpcMethod{"/seldon.protos.Seldon/GraphMetadata", kSeldon, Asked::kGraphMetadata},
    GrpcMethod{"/tensorflow.serving.PredictionService/Predict", kTensorflow, Asked::kPredictions},
    GrpcMethod{"/tensorflow.serving.PredictionService/Classify", kTensorflow, Asked::kPredictions,
               Operation::kClassify},
    GrpcMethod{"/tensorflow.serving.PredictionService/Regress", kTensorflow, Asked::kPredictions,
               Operation::kRegress},
    GrpcMethod{"/tensorflow.serving.PredictionService/MultiInference", kTensorflow,
               Asked::kPredictions, Operation::kMultiInference},
    GrpcMethod{"/tensorflow.serving.PredictionService/GetModelMetadata", kTensorflow,
               Asked::kMetadata},
    GrpcMethod{"/tensorflow.serving.ModelService/GetModelStatus", kTensorflow, Asked::kStatus},
    GrpcMethod{"/inference.GRPCInferenceService/ServerLive", kV2, Asked::kLive},
    GrpcMethod{"/inference.GRPCInferenceService/ServerReady", kV2, Asked::kReady},
    GrpcMethod{"/inference.GRPCInferenceService/ServerMetadata", kV2, Asked::kServerMetadata},
    GrpcMethod{"/inference.GRPCInferenceService/ModelReady", kV2, Asked::kStatus},
    GrpcMethod{"/inference.GRPCInferenceService/ModelMetadata", kV2, Asked::kMetadata},
    GrpcMethod{"/inference.GRPCInferenceService/ModelInfer", kV2, Asked::kPredictions},
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
