#include "protocol/convert/enclosed.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "inference/grpc_service.pb.h"
#include "protocol/convert/codecs.hpp"
#include "protocol/invalid.hpp"
#include "protocol/wire/parse.hpp"
#include "seldon/prediction.pb.h"
#include "tensorflow_serving/predict.pb.h"

namespace infergraph::protocol {

namespace {

// The messages that customData may hold: those of the node's own protocol over gRPC.
struct Custom {
  std::string_view request;
  std::string_view answer;
};
Custom custom_of(Protocol protocol) {
  if (protocol == Protocol::kTensorflow) {
    return {"tensorflow.serving.PredictRequest", "tensorflow.serving.PredictResponse"};
  }
  return {"inference.ModelInferRequest", "inference.ModelInferResponse"};
}

// What makes a request behind which it stands one for `model`.
std::string naming(const ModelProfile& model, Protocol protocol) {
  if (protocol == Protocol::kV2) {
    inference::ModelInferRequest request;
    request.set_model_name(model.name);
    return request.SerializeAsString();
  }
  tensorflow::serving::PredictRequest request;
  request.mutable_model_spec()->set_name(model.name);
  request.mutable_model_spec()->set_signature_name(model.signature_name);
  return request.SerializeAsString();
}

// `answer` as the body that its own protocol has in `encoding`.
Result<Payload> body_of(const Payload& answer, const Target& target, Encoding encoding) {
  Target own = target;
  own.protocol = answer.protocol();
  own.role = Role::kAnswer;
  own.encoding = encoding;
  return convert(answer, own);
}

}  // namespace

Result<Payload> from_json_data(const Message& message, const Target& target) {
  Payload body = Payload::json(std::string(message.value));
  body.set_protocol(target.protocol);
  body.set_origin(message.source.origin());
  return convert(body, target);
}

Result<Payload> to_json_data(const Payload& answer, const Target& target,
                             const RequestTraits& traits) {
  const auto json = body_of(answer, target, Encoding::kJson);
  if (!json) return json.error();
  Message message;
  message.source = *json;
  message.content = Content::kJsonData;
  message.value = json->bytes();
  return write_message(message, target, traits);
}

Result<Payload> from_custom_data(const Message& message, const Target& target) {
  google::protobuf::Any any;
  const std::string_view wanted = custom_of(target.protocol).request;
  if (!parse(message.value, any) || !std::string_view(any.type_url()).ends_with(wanted)) {
    return invalid("customData of another type than " + std::string(wanted) +
                   " has no place in a message of protocol " +
                   std::string(name_of(target.protocol)));
  }
  std::string wire = std::move(*any.mutable_value());
  if (target.model != nullptr) {
    // Of a field that is there twice, the last one counts.
    wire += naming(*target.model, target.protocol);
  }
  Payload body = Payload::proto(std::move(wire));
  body.set_protocol(target.protocol);
  Target same = target;
  same.role = Role::kRequest;
  return convert(body, same);
}

Result<Payload> to_custom_data(const Payload& answer, const Target& target,
                               const RequestTraits& traits) {
  const auto wire = body_of(answer, target, Encoding::kProto);
  if (!wire) return wire.error();
  google::protobuf::Any any;
  any.set_type_url("type.googleapis.com/" + std::string(custom_of(answer.protocol()).answer));
  any.set_value(std::string(wire->bytes()));
  Message message;
  message.content = Content::kCustomData;
  message.value = message.keep(any.SerializeAsString());
  return write_message(message, target, traits);
}

}  // namespace infergraph::protocol
