#include "engine/tools/stub/v2/model.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "protocol/tensor/data_type.hpp"
#include "protocol/tensor/tensor.hpp"
#include "protocol/v2/contents.hpp"

namespace infergraph::engine {

using protocol::DataType;
using protocol::GrpcCode;
using protocol::GrpcStatus;

namespace {

using Contents = inference::InferTensorContents;
using Input = inference::ModelInferRequest::InferInputTensor;

constexpr const char* kVersion = "1";

GrpcStatus wrong(std::string message) {
  return {GrpcCode::kInvalidArgument, std::move(message), ""};
}

std::string packed_bytes(const google::protobuf::RepeatedPtrField<std::string>& values) {
  std::string made;
  for (const std::string& value : values) {
    const auto size = static_cast<std::uint32_t>(value.size());
    made.append(reinterpret_cast<const char*>(&size), sizeof(size));
    made += value;
  }
  return made;
}

/// Typed contents as raw ones; nothing for a type that has only those.
std::optional<std::string> raw_of(DataType type, const Contents& contents) {
  if (type == DataType::kBytes) return packed_bytes(contents.bytes_contents());
  return protocol::raw_contents(contents, type);
}

/// Elements of BYTES, or nothing when the lengths don't fit.
std::optional<std::size_t> count_strings(std::string_view raw) {
  std::size_t count = 0;
  while (!raw.empty()) {
    std::uint32_t size = 0;
    if (raw.size() < sizeof(size)) return std::nullopt;
    std::memcpy(&size, raw.data(), sizeof(size));
    raw.remove_prefix(sizeof(size));
    if (raw.size() < size) return std::nullopt;
    raw.remove_prefix(size);
    ++count;
  }
  return count;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string made = "[";
  for (const std::int64_t size : shape) made += (made == "[" ? "" : ",") + std::to_string(size);
  return made + "]";
}

/// Moves typed contents to raw ones, and checks that each has the bytes that its shape needs.
Served<void> normalise(inference::ModelInferRequest& request, const std::string& model) {
  const auto of_model = [&](const std::string& input) {
    return "'" + input + "' for model '" + model + "'";
  };
  const bool is_raw = !request.raw_input_contents().empty();
  if (is_raw && request.raw_input_contents_size() != request.inputs_size()) {
    return wrong("expected " + std::to_string(request.inputs_size()) +
                 " raw_input_contents but got " +
                 std::to_string(request.raw_input_contents_size()) + " for model '" + model + "'");
  }
  for (int i = 0; i < request.inputs_size(); ++i) {
    Input& input = *request.mutable_inputs(i);
    const auto type = protocol::from_v2_name(input.datatype());
    if (!type) {
      return wrong("inference input '" + input.name() + "' has an unknown data-type '" +
                   input.datatype() + "'");
    }
    if (is_raw && input.has_contents()) {
      return wrong("contents field must not be specified when using raw_input_contents for " +
                   of_model(input.name()));
    }
    if (!is_raw) {
      auto raw = raw_of(*type, input.contents());
      if (!raw) {
        return wrong("unsupported data type '" + input.datatype() + "' for inference input " +
                     of_model(input.name()) + ": it has raw contents only");
      }
      request.add_raw_input_contents(*std::move(raw));
      input.clear_contents();
    }
    const std::string& raw = request.raw_input_contents(i);
    const std::size_t count = protocol::count_of({input.shape().begin(), input.shape().end()});
    const std::size_t size = protocol::size_of(*type);
    // A shape of too many elements counts as the largest number, which no raw contents have.
    const bool fits = size == 0 ? count_strings(raw) == count
                                : raw.size() % size == 0 && raw.size() / size == count;
    if (fits) continue;
    if (size == 0) {
      return wrong("expected " + std::to_string(count) + " string elements for inference input " +
                   of_model(input.name()));
    }
    return wrong("input byte size mismatch for input " + of_model(input.name()) + ". Expected " +
                 std::to_string(count) + " elements of " + std::to_string(size) + ", got " +
                 std::to_string(raw.size()) + " bytes");
  }
  return {};
}

}  // namespace

bool V2Model::has_name(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

Served<void> V2Model::check(const std::string& name, const std::string& version) const {
  const auto unknown = [](std::string which) {
    return GrpcStatus{GrpcCode::kNotFound, "Request for unknown model: " + which, ""};
  };
  if (!has_name(name)) return unknown("'" + name + "' is not found");
  if (version.empty() || version == kVersion) return {};
  return unknown("'" + name + "' version " + version + " is not found");
}

inference::ModelMetadataResponse V2Model::metadata(const std::string& name) const {
  inference::ModelMetadataResponse made;
  made.set_name(name);
  made.add_versions(kVersion);
  made.set_platform(model_ == nullptr ? "identity" : "tensorflow_savedmodel");
  if (model_ == nullptr) return made;
  const auto fill = [](auto& tensor, const std::string& called, std::size_t columns) {
    tensor.set_name(called);
    tensor.set_datatype("FP32");
    tensor.add_shape(-1);
    tensor.add_shape(static_cast<std::int64_t>(columns));
  };
  fill(*made.add_inputs(), model_->names().input, model_->inputs());
  fill(*made.add_outputs(), model_->names().output, model_->outputs());
  return made;
}

Served<void> V2Model::compute(const inference::ModelInferRequest& request,
                              inference::ModelInferResponse& response) const {
  const std::string of_model = " for model '" + request.model_name() + "'";
  const auto& names = model_->names();
  for (const Input& input : request.inputs()) {
    if (input.name() == names.input) continue;
    return wrong("unexpected inference input '" + input.name() + "'" + of_model);
  }
  if (request.inputs_size() != 1) {
    return wrong("expected 1 inputs but got " + std::to_string(request.inputs_size()) + " inputs" +
                 of_model);
  }
  const Input& input = request.inputs(0);
  if (input.datatype() != "FP32") {
    return wrong("inference input '" + input.name() + "' data-type is '" + input.datatype() +
                 "', but model '" + request.model_name() + "' expects 'FP32'");
  }
  const std::vector<std::int64_t> shape(input.shape().begin(), input.shape().end());
  const auto columns = static_cast<std::int64_t>(model_->inputs());
  if (shape.size() != 2 || shape[1] != columns) {
    return wrong("unexpected shape for input '" + input.name() + "'" + of_model + ". Expected " +
                 shape_text({-1, columns}) + ", got " + shape_text(shape));
  }
  const std::string& raw = request.raw_input_contents(0);
  std::vector<float> rows(raw.size() / sizeof(float));
  if (!rows.empty()) std::memcpy(rows.data(), raw.data(), raw.size());
  const std::vector<float> scores = model_->scores(rows);
  auto& output = *response.add_outputs();
  output.set_name(names.output);
  output.set_datatype("FP32");
  output.add_shape(shape[0]);
  output.add_shape(static_cast<std::int64_t>(model_->outputs()));
  std::string& bytes = *response.add_raw_output_contents();
  bytes.resize(scores.size() * sizeof(float));
  if (!bytes.empty()) std::memcpy(bytes.data(), scores.data(), bytes.size());
  return {};
}

Served<inference::ModelInferResponse> V2Model::infer(inference::ModelInferRequest request) const {
  if (auto known = check(request.model_name(), request.model_version()); !known) {
    return known.error();
  }
  if (request.inputs().empty()) {
    return wrong("expected 1 inputs but got 0 inputs for model '" + request.model_name() + "'");
  }
  if (auto done = normalise(request, request.model_name()); !done) return done.error();
  inference::ModelInferResponse all;
  if (model_ != nullptr) {
    if (auto computed = compute(request, all); !computed) return computed.error();
  } else {
    for (int i = 0; i < request.inputs_size(); ++i) {
      auto& output = *all.add_outputs();
      output.set_name(request.inputs(i).name());
      output.set_datatype(request.inputs(i).datatype());
      *output.mutable_shape() = request.inputs(i).shape();
      all.add_raw_output_contents(std::move(*request.mutable_raw_input_contents(i)));
    }
  }

  inference::ModelInferResponse made;
  made.set_model_name(request.model_name());
  made.set_model_version(kVersion);
  made.set_id(request.id());
  if (request.outputs().empty()) {
    made.mutable_outputs()->Swap(all.mutable_outputs());
    made.mutable_raw_output_contents()->Swap(all.mutable_raw_output_contents());
    return made;
  }
  std::unordered_map<std::string_view, int> known;
  for (int i = 0; i < all.outputs_size(); ++i) known.emplace(all.outputs(i).name(), i);
  std::vector<bool> given(static_cast<std::size_t>(all.outputs_size()));
  for (const auto& wanted : request.outputs()) {
    const auto found = known.find(wanted.name());
    if (found == known.end()) {
      return wrong("unexpected inference output '" + wanted.name() + "' for model '" +
                   request.model_name() + "'");
    }
    // Asked for twice it is given once: Triton keeps a set of them.
    const auto index = static_cast<std::size_t>(found->second);
    if (given[index]) continue;
    given[index] = true;
    *made.add_outputs() = all.outputs(found->second);
    made.add_raw_output_contents(all.raw_output_contents(found->second));
  }
  return made;
}

}  // namespace infergraph::engine
