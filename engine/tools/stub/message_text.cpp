#include "engine/tools/stub/message_text.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <array>
#include <memory>

namespace infergraph::engine {

namespace {

// The linker leaves out a file of services alone, so their methods aren't to be asked for by name.
struct Known {
  std::string_view path;
  std::string_view message;
};
constexpr std::array kKnown = {
    Known{"/tensorflow.serving.PredictionService/Predict", "tensorflow.serving.Predict"},
    Known{"/tensorflow.serving.PredictionService/Classify", "tensorflow.serving.Classification"},
    Known{"/tensorflow.serving.PredictionService/Regress", "tensorflow.serving.Regression"},
    Known{"/tensorflow.serving.PredictionService/GetModelMetadata",
          "tensorflow.serving.GetModelMetadata"},
    Known{"/tensorflow.serving.ModelService/GetModelStatus", "tensorflow.serving.GetModelStatus"}};
constexpr std::string_view kV2 = "/inference.GRPCInferenceService/";

// "tensorflow.serving.Predict", of which there is a …Request and a …Response; or nothing.
std::string message_of(std::string_view path) {
  if (path.starts_with(kV2)) return "inference." + std::string(path.substr(kV2.size()));
  for (const Known& known : kKnown) {
    if (known.path == path) return std::string(known.message);
  }
  return "";
}

}  // namespace

std::string message_text(const protocol::Payload& body, std::string_view path, bool is_answer) {
  using google::protobuf::DescriptorPool;
  using google::protobuf::MessageFactory;
  std::string as_is(body.bytes());
  if (body.encoding() != protocol::Encoding::kProto) return as_is;
  const std::string name = message_of(path) + (is_answer ? "Response" : "Request");
  const auto* type = DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  if (type == nullptr) return as_is;
  const auto* prototype = MessageFactory::generated_factory()->GetPrototype(type);
  if (prototype == nullptr) return as_is;
  const std::unique_ptr<google::protobuf::Message> message(prototype->New());
  std::string text;
  if (!message->ParseFromString(as_is) ||
      !google::protobuf::util::MessageToJsonString(*message, &text).ok()) {
    return as_is;
  }
  return text;
}

}  // namespace infergraph::engine
