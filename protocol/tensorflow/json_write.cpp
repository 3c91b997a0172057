#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensorflow/codec.hpp"

namespace infergraph::protocol {

namespace {

Status bad(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

JsonStyle answer_style(const Tensor& tensor) {
  return {.b64 = tensor.name.ends_with("_bytes"), .floats_have_point = true};
}

constexpr JsonStyle kRequestStyle{.b64 = true};

std::string name_of(const Tensor& tensor) { return json::excerpt(tensor.name); }

/// Why a message can't be written.
std::optional<Status> check(const Message& message, Role role) {
  if (message.content != Content::kData) {
    return bad("protocol tensorflow has tensors only, and the message has none");
  }
  for (const Tensor& tensor : message.tensors) {
    const DataType type = tensor.type;
    const bool is_half = type == DataType::kFloat16 || type == DataType::kBfloat16;
    if (type == DataType::kComplex64 || type == DataType::kComplex128 ||
        (is_half && role == Role::kRequest)) {
      return bad(name_of(tensor) + ": " + std::string(tensorflow_name(type)) +
                 " has no place in JSON");
    }
  }
  return std::nullopt;
}

std::size_t size_hint(const Message& message) {
  std::size_t size = 64;
  for (const Tensor& tensor : message.tensors) {
    size += tensor.name.size() + 8 + 2 * tensor.data.size();
    for (const std::string_view one : tensor.strings) size += one.size() * 4 / 3 + 16;
  }
  return size;
}

/// The first dimension of all; nothing, with the reason, if they have none in common.
Result<std::int64_t> batch_of(const std::vector<Tensor>& tensors) {
  std::optional<std::int64_t> size;
  for (const Tensor& tensor : tensors) {
    const std::string begin = "Tensor name: " + name_of(tensor);
    if (tensor.shape.empty()) return bad(begin + " has no shape information");
    if (size && tensor.shape.front() != *size) {
      return bad(begin + " has inconsistent batch size: " + std::to_string(tensor.shape.front()) +
                 " expecting: " + std::to_string(*size));
    }
    size = tensor.shape.front();
  }
  if (!size) return bad("there are no tensors to write");
  return *size;
}

/// Name and value, one after the other; `style` gives a tensor's.
template <typename Style>
Result<void> append_columns(std::string& out, const std::vector<Tensor>& tensors, Style style) {
  out += '{';
  bool first = true;
  for (const Tensor& tensor : tensors) {
    if (!std::exchange(first, false)) out += ',';
    json::append_string(out, tensor.name);
    out += ':';
    if (auto written = append_nested(out, tensor, style(tensor)); !written) return written;
  }
  out += '}';
  return {};
}

template <typename Style>
Result<void> append_rows(std::string& out, const std::vector<Tensor>& tensors, std::int64_t count,
                         Style style) {
  Slices slices(out.size());
  std::vector<RowWriter> writers;
  std::vector<std::string> keys;
  writers.reserve(tensors.size());
  for (const Tensor& tensor : tensors) {
    writers.emplace_back(tensor, style(tensor), slices);
    json::append_string(keys.emplace_back(keys.empty() ? "{" : ","), tensor.name);
    keys.back() += ':';
  }
  out += '[';
  for (std::int64_t row = 0; row < count; ++row) {
    if (row > 0) out += ',';
    for (std::size_t i = 0; i < writers.size(); ++i) {
      out += keys[i];
      if (slices.is_due(out.size())) {
        if (auto paid = slices.pay(out.size()); !paid) return paid;
      }
      if (auto written = writers[i].append(out); !written) return written;
    }
    out += '}';
  }
  out += ']';
  return slices.pay(out.size());
}

/// Whether the name of the only tensor matters: a model with one input takes bare values.
bool has_to_be_named(const Tensor& tensor, const ModelProfile& profile) {
  if (tensor.name.empty()) return false;
  return profile.signature.inputs.size() > 1 ||
         std::any_of(profile.input_names.begin(), profile.input_names.end(),
                     [&tensor](const auto& names) { return names.second == tensor.name; });
}

Result<Payload> finish(Message& message, std::string out) {
  out += '}';
  Payload made = Payload::json(std::move(out));
  made.set_protocol(Protocol::kTensorflow);
  made.set_origin(message.source.origin());
  return made;
}

}  // namespace

Result<Payload> write_tensorflow_request_json(Message& message, const ModelProfile& profile) {
  if (auto problem = check(message, Role::kRequest)) return *problem;
  const std::vector<Tensor>& tensors = message.tensors;
  const auto style = [](const Tensor&) { return kRequestStyle; };
  std::string out;
  out.reserve(size_hint(message));
  out += '{';
  const std::string& signature =
      profile.signature_name.empty() ? message.signature_name : profile.signature_name;
  if (!signature.empty()) {
    out += "\"signature_name\":";
    json::append_string(out, signature);
    out += ',';
  }
  const auto batch = batch_of(tensors);
  // No element is no row: that is for columns.
  const bool by_row = batch && *batch > 0;
  out += by_row ? "\"instances\":" : "\"inputs\":";
  const bool is_named = tensors.size() != 1 || has_to_be_named(tensors.front(), profile);
  Result<void> written = !is_named ? append_nested(out, tensors.front(), kRequestStyle)
                         : by_row  ? append_rows(out, tensors, *batch, style)
                                   : append_columns(out, tensors, style);
  if (!written) return written.error();
  return finish(message, std::move(out));
}

Result<Payload> write_tensorflow_answer_json(Message& message, const RequestTraits& traits) {
  if (auto problem = check(message, Role::kAnswer)) return *problem;
  const std::vector<Tensor>& tensors = message.tensors;
  std::string out;
  out.reserve(size_hint(message));
  out += traits.by_column ? "{\"outputs\":" : "{\"predictions\":";
  std::int64_t rows = 0;
  if (!traits.by_column) {
    const auto batch = batch_of(tensors);
    if (!batch) return batch.error();
    rows = *batch;
  }
  Result<void> written = tensors.size() == 1
                             ? append_nested(out, tensors.front(), answer_style(tensors.front()))
                         : traits.by_column ? append_columns(out, tensors, answer_style)
                                            : append_rows(out, tensors, rows, answer_style);
  if (!written) return written.error();
  return finish(message, std::move(out));
}

}  // namespace infergraph::protocol
