#include "protocol/routes.hpp"

#include <array>
#include <charconv>
#include <cstddef>

namespace infergraph::protocol {

namespace {

constexpr std::array<std::string_view, kMethodCount> kSeldonPaths = {
    "/predict",   "/transform-input", "/transform-output", "/route",
    "/aggregate", "/send-feedback",   "/health/status",    "/metadata",
};

std::string_view verb_of(Operation operation) {
  switch (operation) {
    case Operation::kClassify:
      return ":classify";
    case Operation::kRegress:
      return ":regress";
    case Operation::kPredict:
    case Operation::kMultiInference:  // has no path of its own
      break;
  }
  return ":predict";
}

std::string tensorflow_path(Method method, std::string_view model, Operation operation) {
  std::string path = "/v1/models/" + std::string(model);
  switch (method) {
    case Method::kPredict:
    case Method::kTransformInput:
    case Method::kTransformOutput:
      return path.append(verb_of(operation));
    case Method::kRoute:
      return path + ":route";
    case Method::kAggregate:
      return path + ":aggregate";
    case Method::kStatus:
      return path;
    case Method::kMetadata:
      return path + "/metadata";
    case Method::kSendFeedback:
      break;
  }
  return "";
}

std::string v2_path(Method method, std::string_view model) {
  if (method == Method::kStatus && model.empty()) return "/v2/health/ready";
  std::string path = "/v2/models/" + std::string(model);
  switch (method) {
    case Method::kPredict:
    case Method::kTransformInput:
    case Method::kTransformOutput:
      return path + "/infer";
    case Method::kRoute:
      return path + "/route";
    case Method::kAggregate:
      return path + "/aggregate";
    case Method::kStatus:
      return path + "/ready";
    case Method::kMetadata:
      return path;
    case Method::kSendFeedback:
      break;
  }
  return "";
}

std::string_view prediction_service(Operation operation) {
  switch (operation) {
    case Operation::kClassify:
      return "/tensorflow.serving.PredictionService/Classify";
    case Operation::kRegress:
      return "/tensorflow.serving.PredictionService/Regress";
    case Operation::kMultiInference:
      return "/tensorflow.serving.PredictionService/MultiInference";
    case Operation::kPredict:
      break;
  }
  return "/tensorflow.serving.PredictionService/Predict";
}

}  // namespace

std::string_view name_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTensorflow:
      return "tensorflow";
    case Protocol::kV2:
      return "v2";
    case Protocol::kSeldon:
      break;
  }
  return "seldon";
}

std::optional<Protocol> protocol_of(std::string_view name) {
  if (name == "seldon") return Protocol::kSeldon;
  if (name == "tensorflow") return Protocol::kTensorflow;
  if (name == "v2" || name == "kfserving") return Protocol::kV2;
  return std::nullopt;
}

std::string_view name_of(Method method) {
  const std::string_view path = kSeldonPaths[static_cast<std::size_t>(method)];
  return path.substr(path.rfind('/') + 1);
}

std::string_view rest_verb(Method method) {
  return method == Method::kStatus || method == Method::kMetadata ? "GET" : "POST";
}

std::string rest_path(Protocol protocol, Method method, std::string_view model,
                      Operation operation) {
  switch (protocol) {
    case Protocol::kTensorflow:
      return tensorflow_path(method, model, operation);
    case Protocol::kV2:
      return v2_path(method, model);
    case Protocol::kSeldon:
      break;
  }
  return std::string(kSeldonPaths[static_cast<std::size_t>(method)]);
}

std::string_view grpc_method(Protocol protocol, Method method, bool has_model,
                             Operation operation) {
  const bool tensorflow = protocol == Protocol::kTensorflow;
  switch (method) {
    case Method::kPredict:
    case Method::kTransformInput:
    case Method::kTransformOutput:
      return tensorflow ? prediction_service(operation)
                        : "/inference.GRPCInferenceService/ModelInfer";
    case Method::kStatus:
      if (tensorflow) return "/tensorflow.serving.ModelService/GetModelStatus";
      return has_model ? "/inference.GRPCInferenceService/ModelReady"
                       : "/inference.GRPCInferenceService/ServerReady";
    case Method::kMetadata:
      return tensorflow ? "/tensorflow.serving.PredictionService/GetModelMetadata"
                        : "/inference.GRPCInferenceService/ModelMetadata";
    case Method::kRoute:
    case Method::kAggregate:
    case Method::kSendFeedback:
      break;
  }
  return "";
}

std::string percent_encoded(std::string_view name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const bool is_dots = name == "." || name == "..";
  std::string made;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '~' || (c == '.' && !is_dots);
    if (plain) {
      made += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      made += {'%', kHex[byte >> 4U], kHex[byte & 0xFU]};
    }
  }
  return made;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace infergraph::protocol
