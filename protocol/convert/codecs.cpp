#include "protocol/convert/codecs.hpp"

#include <string>
#include <vector>

#include "protocol/seldon/codec.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/v2/codec.hpp"

namespace infergraph::protocol {

namespace {

// The model that an answer is of.
std::string answerer(const Payload& answer) {
  return answer.model() != nullptr ? answer.model()->name : std::string(answer.origin());
}

}  // namespace

Role role_of(const Payload& payload) {
  return payload.origin().empty() ? Role::kRequest : Role::kAnswer;
}

Result<Message> read_message(const Payload& payload) {
  const Role role = role_of(payload);
  const bool proto = payload.encoding() == Encoding::kProto;
  switch (payload.protocol()) {
    case Protocol::kTensorflow: {
      if (proto) return read_tensorflow_proto(payload, role);
      // The types of an answer are those of the model that gave it.
      static const std::vector<TensorInfo> kNone;
      const bool known = role == Role::kAnswer && payload.model() != nullptr;
      return read_tensorflow_json(payload, role,
                                  known ? payload.model()->signature.outputs : kNone);
    }
    case Protocol::kV2:
      return proto ? read_v2_proto(payload, role) : read_v2_json(payload, role);
    case Protocol::kSeldon:
      break;
  }
  return read_seldon(payload);
}

RequestTraits read_traits(const Payload& request) {
  switch (request.protocol()) {
    case Protocol::kTensorflow:
      return read_tensorflow_traits(request);
    case Protocol::kV2:
      return read_v2_traits(request);
    case Protocol::kSeldon:
      break;
  }
  return read_seldon_traits(request);
}

Result<Payload> write_message(Message& message, const Target& target, const RequestTraits& traits) {
  static const ModelProfile kNobody;
  const ModelProfile& model = target.model == nullptr ? kNobody : *target.model;
  const bool json = target.encoding == Encoding::kJson;
  switch (target.protocol) {
    case Protocol::kTensorflow:
      if (target.role == Role::kRequest) {
        return json ? write_tensorflow_request_json(message, model)
                    : write_tensorflow_request_proto(message, model);
      }
      return json ? write_tensorflow_answer_json(message, traits)
                  : write_tensorflow_answer_proto(message, model);
    case Protocol::kV2: {
      V2Options options;
      options.role = target.role;
      options.traits = traits;
      options.model_name = target.role == Role::kRequest ? model.name : answerer(message.source);
      return json ? write_v2_json(message, options) : write_v2_proto(message, options);
    }
    case Protocol::kSeldon:
      break;
  }
  return json ? write_seldon_json(message, traits) : write_seldon_proto(message, traits);
}

Result<Payload> chain_message(const Payload& answer, const Target& target) {
  static const ModelProfile kNobody;
  const ModelProfile& model = target.model == nullptr ? kNobody : *target.model;
  const bool json = target.encoding == Encoding::kJson;
  if (target.protocol == Protocol::kTensorflow) {
    return json ? chain_tensorflow_json(answer, model) : chain_tensorflow_proto(answer, model);
  }
  return json ? chain_v2_json(answer) : chain_v2_proto(answer, model.name);
}

}  // namespace infergraph::protocol
