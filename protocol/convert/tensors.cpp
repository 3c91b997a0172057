#include "protocol/convert/tensors.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"

namespace infergraph::protocol {

namespace {

// What tensors are called in a request, or an answer, that has to name them.
constexpr std::string_view kV2Input = "input-0";
constexpr std::string_view kV2Output = "output-0";
constexpr std::string_view kTensorflowInput = "inputs";
constexpr std::string_view kTensorflowOutput = "outputs";

std::string_view usual_name(Protocol protocol, Role role) {
  if (protocol == Protocol::kV2) return role == Role::kRequest ? kV2Input : kV2Output;
  return role == Role::kRequest ? kTensorflowInput : kTensorflowOutput;
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

// Whether numbers may stay the text that they came as: where JSON is written that has no types.
bool stays_text(const Tensor& tensor, const Target& target, const TensorInfo* info) {
  if (tensor.is_soft || target.encoding != Encoding::kJson || target.protocol == Protocol::kV2)
    return false;
  if (target.protocol == Protocol::kSeldon || info == nullptr) return true;
  // Half precision has no form there, which the writer says.
  if (info->type == DataType::kFloat32 || info->type == DataType::kFloat64) return true;
  return is_integer(info->type) && tensor.is_whole && size_of(info->type) == sizeof(std::int64_t);
}

}  // namespace

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

}  // namespace infergraph::protocol
