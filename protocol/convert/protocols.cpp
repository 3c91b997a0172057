// Between the protocols: decode, name and type the tensors as the target wants them, encode.
#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/convert/convert.hpp"
#include "protocol/convert/enclosed.hpp"
#include "protocol/gzip.hpp"
#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/codec.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/v2/codec.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

// What tensors are called in a request, or an answer, that has to name them.
constexpr std::string_view kV2Input = "input-0";
constexpr std::string_view kV2Output = "output-0";
constexpr std::string_view kTensorflowInput = "inputs";
constexpr std::string_view kTensorflowOutput = "outputs";

Role role_of(const Payload& payload) {
  return payload.origin().empty() ? Role::kRequest : Role::kAnswer;
}

std::string_view usual_name(Protocol protocol, Role role) {
  if (protocol == Protocol::kV2) return role == Role::kRequest ? kV2Input : kV2Output;
  return role == Role::kRequest ? kTensorflowInput : kTensorflowOutput;
}

// Who sent what can't be unpacked is for the caller of this to know.
Result<Payload> unpacked(const Payload& payload, std::size_t max_decoded) {
  auto plain = decoded(payload, max_decoded);
  if (plain || plain.error().code() == Code::kTooLarge) return plain;
  return why_ended(invalid(plain.error().message()));
}

Result<Message> read(const Payload& payload) {
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

// Joins no pieces.
bool is_same_text(const Payload& a, const Payload& b) {
  if (a.protocol() != b.protocol() || a.pieces() != b.pieces()) return false;
  return a.pieces() != nullptr || a.bytes().data() == b.bytes().data();
}

Result<RequestTraits> read_traits(const Payload& request, std::size_t max_decoded) {
  const auto plain = decoded(request, max_decoded);
  if (!plain) return plain.error();
  switch (plain->protocol()) {
    case Protocol::kTensorflow:
      return read_tensorflow_traits(*plain);
    case Protocol::kV2:
      return read_v2_traits(*plain);
    case Protocol::kSeldon:
      break;
  }
  return read_seldon_traits(*plain);
}

// Only what is whole is remembered: who does the work again, elsewhere, is to find it unread.
// Errors: the work was cut.
Result<RequestTraits> traits_of(KeptRequest* request, std::size_t max_decoded) {
  if (request == nullptr) return RequestTraits();
  if (request->traits) return *request->traits;
  auto traits = read_traits(request->payload, max_decoded);
  if (is_cut()) return why_ended(stopped());
  if (!traits) {
    // Others may unpack more of it.
    if (traits.error().code() == Code::kTooLarge) return RequestTraits();
    traits = RequestTraits();
  }
  request->traits = *traits;
  return traits;
}

void rename(std::vector<Tensor>& tensors, const ModelProfile::Names& names) {
  for (Tensor& tensor : tensors) {
    if (const auto found = names.find(tensor.name); found != names.end()) {
      tensor.name = found->second;
    }
  }
}

std::string names_of(const std::vector<Tensor>& tensors) {
  constexpr std::size_t kMost = 400;  // bytes that tell the caller enough
  std::string list;
  for (const Tensor& tensor : tensors) {
    if (list.size() > kMost) break;
    list.append(list.empty() ? "" : ", ").append(tensor.name.empty() ? "(unnamed)" : tensor.name);
  }
  return json::excerpt(list, kMost);
}

// The one output that counts, under the name that it has behind the model.
Result<void> pick_outputs(Message& message, const ModelProfile& model) {
  if (message.content != Content::kData) return {};
  if (!model.output.empty()) {
    const auto found =
        std::find_if(message.tensors.begin(), message.tensors.end(),
                     [&](const Tensor& tensor) { return tensor.name == model.output; });
    if (found != message.tensors.end()) {
      Tensor only = std::move(*found);
      message.tensors.clear();
      message.tensors.push_back(std::move(only));
    } else if (message.tensors.size() != 1 || !message.tensors.front().name.empty()) {
      return invalid("the answer has no output \"" + model.output + "\"; it has " +
                     names_of(message.tensors));
    }
  }
  rename(message.tensors, model.output_names);
  return {};
}

// The inputs of a model by their names. Borrows.
class Infos {
 public:
  explicit Infos(const std::vector<TensorInfo>* infos) : infos_(infos) {}

  const TensorInfo* find(std::string_view name) {
    if (infos_ == nullptr) return nullptr;
    constexpr std::size_t kFew = 8;
    if (infos_->size() <= kFew) {
      const auto found = std::find_if(infos_->begin(), infos_->end(),
                                      [&](const TensorInfo& info) { return info.name == name; });
      return found == infos_->end() ? nullptr : &*found;
    }
    if (by_name_.empty()) {
      for (const TensorInfo& info : *infos_) by_name_.try_emplace(info.name, &info);
    }
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  const std::vector<TensorInfo>* infos_;
  std::unordered_map<std::string_view, const TensorInfo*> by_name_;
};

// Text, bytes: one string, which is what the other protocols have for it.
Result<void> to_tensors(Message& message, Protocol target) {
  if (message.content == Content::kData) return {};
  if (message.content == Content::kStrData || message.content == Content::kBinData) {
    Tensor tensor;
    tensor.type = DataType::kBytes;
    tensor.shape = {1};
    tensor.strings = {message.value};
    message.tensors.push_back(std::move(tensor));
    message.content = Content::kData;
    return {};
  }
  const std::string where = " has no place in a message of protocol ";
  const std::string protocol(name_of(target));
  if (message.content == Content::kNone)
    return invalid("a message without data" + where + protocol);
  if (message.content == Content::kJsonData) {
    return invalid("jsonData that is no object" + where + protocol);
  }
  return invalid("customData" + where + protocol);
}

// Gives a request's tensors the names that the model knows them by.
void name_inputs(Message& message, const Target& target, bool same_protocol) {
  std::vector<Tensor>& tensors = message.tensors;
  if (target.model != nullptr) rename(tensors, target.model->input_names);
  if (tensors.size() != 1) return;
  std::string& name = tensors.front().name;
  if (target.model != nullptr && (!same_protocol || name.empty())) {
    const auto& inputs = target.model->signature.inputs;
    if (!target.model->input.empty()) {
      name = target.model->input;
    } else if (inputs.size() == 1) {
      name = inputs.front().name;
    }
  }
  if (name.empty()) name = usual_name(target.protocol, Role::kRequest);
}

// The same for an answer: what was asked for, or what the model calls it.
void name_outputs(Message& message, const Target& target, const RequestTraits& traits) {
  if (message.tensors.size() != 1 || !message.tensors.front().name.empty()) return;
  std::string& name = message.tensors.front().name;
  const ModelProfile* model = message.source.model().get();
  if (traits.outputs.size() == 1) {
    name = traits.outputs.front().name;
  } else if (model != nullptr && model->signature.outputs.size() == 1) {
    name = model->signature.outputs.front().name;
  } else {
    name = usual_name(target.protocol, Role::kAnswer);
  }
}

// Whether numbers may stay the text that they came as: where JSON is written that has no types.
bool stays_text(const Tensor& tensor, const Target& target, const TensorInfo* info) {
  if (tensor.is_soft || target.encoding != Encoding::kJson || target.protocol == Protocol::kV2)
    return false;
  if (target.protocol == Protocol::kSeldon || info == nullptr) return true;
  // Half precision has no form there, which the writer says.
  if (info->type == DataType::kFloat32 || info->type == DataType::kFloat64) return true;
  return is_integer(info->type) && tensor.is_whole && size_of(info->type) == sizeof(std::int64_t);
}

Result<void> type_tensors(Message& message, const Target& target) {
  const bool asks = target.role == Role::kRequest && target.model != nullptr;
  Infos infos(asks ? &target.model->signature.inputs : nullptr);
  for (Tensor& tensor : message.tensors) {
    if (tensor.type != DataType::kUnknown && !tensor.is_soft) continue;
    const TensorInfo* info = infos.find(tensor.name);
    if (stays_text(tensor, target, info)) continue;
    const bool known = info != nullptr && info->type != DataType::kUnknown;
    if (!known && tensor.is_soft) continue;
    auto typed = known ? with_type(message, std::move(tensor), info->type)
                       : with_guessed_type(message, std::move(tensor), DataType::kFloat64);
    if (!typed) return typed.error();
    tensor = *std::move(typed);
  }
  return {};
}

// The model that an answer is of.
std::string answerer(const Payload& answer) {
  return answer.model() != nullptr ? answer.model()->name : std::string(answer.origin());
}

Result<Payload> write(Message& message, const Target& target, const RequestTraits& traits) {
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

Result<Payload> chain(const Payload& answer, const Target& target) {
  static const ModelProfile kNobody;
  const ModelProfile& model = target.model == nullptr ? kNobody : *target.model;
  const bool json = target.encoding == Encoding::kJson;
  if (target.protocol == Protocol::kTensorflow) {
    return json ? chain_tensorflow_json(answer, model) : chain_tensorflow_proto(answer, model);
  }
  return json ? chain_v2_json(answer) : chain_v2_proto(answer, model.name);
}

std::size_t extra_of(const Payload& payload, const Target& target) {
  const bool is_packed =
      !payload.content_encoding().empty() ||
      (target.request != nullptr && !target.request->payload.content_encoding().empty());
  return is_packed ? kUnpackedExtra : kWorkExtra;
}

// jsonData that is a body of the target's protocol.
bool is_json_body(const Message& message, const Target& target) {
  return target.protocol != Protocol::kSeldon && message.content == Content::kJsonData &&
         message.value.starts_with('{');
}

Result<Payload> convert_answer(const Payload& answer, const Target& target) {
  const auto given = traits_of(target.request, target.max_decoded);
  if (!given) return given.error();
  if (target.protocol == Protocol::kSeldon && answer.protocol() != Protocol::kSeldon) {
    if (given->content == Content::kJsonData) return to_json_data(answer, target, *given);
    if (given->content == Content::kCustomData) return to_custom_data(answer, target, *given);
  }
  auto message = read(answer);
  if (!message) return message.error();
  if (is_json_body(*message, target)) return from_json_data(*message, target);
  RequestTraits traits = target.request != nullptr ? *given : message->traits;
  if (traits.id.empty()) traits.id = message->traits.id;
  if (target.protocol != Protocol::kSeldon) {
    if (auto made = to_tensors(*message, target.protocol); !made) return made.error();
    name_outputs(*message, target, traits);
  }
  if (auto typed = type_tensors(*message, target); !typed) return typed.error();
  return write(*message, target, traits);
}

// `plain` is `payload` unpacked.
Result<Payload> convert_request(const Payload& payload, const Payload& plain,
                                const Target& target) {
  auto message = read(plain);
  if (!message) return message.error();
  KeptRequest* const kept = target.request;
  if (kept != nullptr && !kept->traits && is_same_text(payload, kept->payload) && !is_cut()) {
    kept->traits = message->traits;
  }
  if (is_json_body(*message, target)) return from_json_data(*message, target);
  if (message->content == Content::kCustomData) return from_custom_data(*message, target);
  RequestTraits traits = message->traits;
  // The messages of others between two nodes of v2 have lost the id.
  if (target.protocol == Protocol::kV2 && traits.id.empty()) {
    auto given = traits_of(kept, target.max_decoded);
    if (!given) return given.error();
    traits.id = std::move(given->id);
  }
  if (target.protocol != Protocol::kSeldon) {
    if (auto made = to_tensors(*message, target.protocol); !made) return made.error();
    name_inputs(*message, target, payload.protocol() == target.protocol);
  }
  if (auto typed = type_tensors(*message, target); !typed) return typed.error();
  return write(*message, target, traits);
}

}  // namespace

std::size_t bytes_read(const Payload& payload, const KeptRequest* request) {
  const bool reads_request =
      request != nullptr && !request->traits && !is_same_text(payload, request->payload);
  return payload.size() + (reads_request ? request->payload.size() : 0);
}

std::size_t bytes_read(const Payload& payload, const Target& target) {
  // Of what a request takes over there is the id alone, which only v2 has.
  const bool takes_over = target.role == Role::kAnswer || target.protocol == Protocol::kV2;
  return bytes_read(payload, takes_over ? target.request : nullptr);
}

bool is_already(const Payload& payload, const Target& target) {
  if (payload.protocol() != target.protocol || payload.encoding() != target.encoding) return false;
  if (!target.binary && payload.json_size()) return false;
  if (target.protocol == Protocol::kSeldon || target.role == Role::kAnswer) return true;
  const bool renames = target.model != nullptr && !target.model->input_names.empty();
  return role_of(payload) == Role::kRequest && !renames;
}

Result<Payload> convert(const Payload& payload, const Target& target) {
  if (payload.protocol() == Protocol::kSeldon && target.protocol == Protocol::kSeldon) {
    return convert(payload, MessageType::kSeldonMessage, target.encoding, target.max_decoded);
  }
  if (is_already(payload, target)) return payload;
  const WorkScope scope(bytes_read(payload, target), extra_of(payload, target));
  const auto plain = unpacked(payload, target.max_decoded);
  if (!plain) return plain.error();
  const auto finish = [&](Result<Payload> made) -> Result<Payload> {
    if (!made) return why_ended(made.error());
    if (made) {
      made->set_protocol(target.protocol);
      made->set_origin(payload.origin());
      made->set_model(payload.model());
    }
    return made;
  };
  const bool same_protocol = payload.protocol() == target.protocol;
  if (target.operation != Operation::kPredict) {
    if (!same_protocol || target.operation == Operation::kMultiInference ||
        role_of(payload) != target.role) {
      return invalid(
          "classify, regress and multi-inference are for a model of protocol tensorflow");
    }
    static const ModelProfile kNobody;
    return finish(convert_examples(*plain, target.role, target.operation == Operation::kRegress,
                                   target.encoding,
                                   target.model == nullptr ? kNobody : *target.model));
  }
  const bool renames = target.model != nullptr && !target.model->input_names.empty();
  const bool chains = target.role == Role::kRequest && role_of(payload) == Role::kAnswer;
  if (same_protocol && payload.encoding() == target.encoding && chains && !renames) {
    return finish(chain(*plain, target));
  }
  return finish(target.role == Role::kAnswer ? convert_answer(*plain, target)
                                             : convert_request(payload, *plain, target));
}

Result<Message> decode(const Payload& answer, std::size_t max_decoded) {
  const WorkScope scope(answer);
  const auto plain = unpacked(answer, max_decoded);
  if (!plain) return plain.error();
  auto message = read(*plain);
  if (!message) return why_ended(message.error());
  return message;
}

Result<Payload> encode(Message& answer, const Payload& like) {
  const WorkScope scope(like);
  Target same;
  same.protocol = like.protocol();
  same.encoding = like.encoding();
  same.role = Role::kAnswer;
  if (same.protocol != Protocol::kSeldon) name_outputs(answer, same, answer.traits);
  if (auto typed = type_tensors(answer, same); !typed) return typed.error();
  const RequestTraits traits = answer.traits;
  auto made = write(answer, same, traits);
  if (!made) return why_ended(made.error());
  made->set_protocol(like.protocol());
  made->set_origin(like.origin());
  made->set_model(like.model());
  return made;
}

Result<Payload> adapt_answer(const Payload& answer, const ModelProfile& model,
                             std::size_t max_decoded) {
  const WorkScope scope(answer);
  auto message = decode(answer, max_decoded);
  if (!message) return message.error();
  if (auto picked = pick_outputs(*message, model); !picked) return picked.error();
  return encode(*message, answer);
}

}  // namespace infergraph::protocol
