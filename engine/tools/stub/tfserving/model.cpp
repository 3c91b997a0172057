#include "engine/tools/stub/tfserving/model.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "base/ascii.hpp"

namespace infergraph::engine {

using protocol::GrpcCode;
using protocol::GrpcStatus;

namespace {

constexpr std::int64_t kVersion = 1;
constexpr const char* kLabel = "stable";
constexpr const char* kDefaultSignature = "serving_default";
constexpr const char* kPredictMethod = "tensorflow/serving/predict";

GrpcStatus wrong(std::string message, GrpcCode code = GrpcCode::kInvalidArgument) {
  return {code, std::move(message), ""};
}

std::string shape_text(const tensorflow::TensorShapeProto& shape) {
  std::string made = "[";
  for (const auto& dim : shape.dim()) {
    if (made.size() > 1) made += ',';
    made += std::to_string(dim.size());
  }
  return made + "]";
}

// "DT_FLOAT" is called "float" in messages.
std::string type_text(tensorflow::DataType type) {
  std::string made = tensorflow::DataType_Name(type);
  if (made.starts_with("DT_")) made.erase(0, 3);
  return lowered(made);
}

// A short message may stand for a long tensor: what it makes must have something to do with its
// size (docs/architecture.md).
bool is_amplified(std::size_t bytes_made, std::size_t bytes_came) {
  constexpr std::size_t kFactor = 40;
  constexpr std::size_t kFree = std::size_t{1} << 20;
  return bytes_made > kFree && (bytes_made - kFree) / kFactor > bytes_came;
}

GrpcStatus too_large() {
  return wrong("the message stands for a tensor that is too large for a stand-in",
               GrpcCode::kResourceExhausted);
}

/// The elements of rows of floats for `model`: of a matrix, or of single numbers.
Served<std::vector<float>> read_rows(const tensorflow::TensorProto& tensor,
                                     const SoftmaxModel& model) {
  if (tensor.dtype() != tensorflow::DT_FLOAT) {
    return wrong("Expects arg[0] to be float but " + type_text(tensor.dtype()) + " is provided");
  }
  const auto& shape = tensor.tensor_shape();
  const bool is_scalars = model.inputs() == 1 && shape.dim_size() < 2;
  if (!is_scalars && shape.dim_size() != 2) {
    return wrong("In[0] is not a matrix. Instead it has shape " + shape_text(shape));
  }
  const std::int64_t rows = shape.dim_size() == 0 ? 1 : shape.dim(0).size();
  const auto columns = static_cast<std::int64_t>(model.inputs());
  if (rows < 0 || (!is_scalars && shape.dim(1).size() != columns)) {
    return wrong("Matrix size-incompatible: In[0]: " + shape_text(shape) + ", In[1]: [" +
                 std::to_string(model.inputs()) + "," + std::to_string(model.outputs()) + "]");
  }
  const auto invalid = [&] { return wrong("Invalid tensor proto of shape " + shape_text(shape)); };
  constexpr std::size_t kMaxElements = std::size_t{1} << 30;
  if (static_cast<std::size_t>(rows) > kMaxElements / model.inputs()) return invalid();
  const std::size_t count = static_cast<std::size_t>(rows) * model.inputs();
  if (is_amplified(count * sizeof(float), tensor.ByteSizeLong())) return too_large();
  std::vector<float> values;
  if (!tensor.tensor_content().empty()) {
    if (tensor.tensor_content().size() != count * sizeof(float)) return invalid();
    values.resize(count);
    std::memcpy(values.data(), tensor.tensor_content().data(), count * sizeof(float));
    return values;
  }
  if (static_cast<std::size_t>(tensor.float_val_size()) > count) return invalid();
  values.assign(tensor.float_val().begin(), tensor.float_val().end());
  values.resize(count, values.empty() ? 0 : values.back());
  return values;
}

tensorflow::TensorInfo info_of(const std::string& name, std::size_t columns) {
  tensorflow::TensorInfo info;
  info.set_name(name + ":0");
  info.set_dtype(tensorflow::DT_FLOAT);
  info.mutable_tensor_shape()->add_dim()->set_size(-1);
  info.mutable_tensor_shape()->add_dim()->set_size(static_cast<std::int64_t>(columns));
  return info;
}

}  // namespace

bool TfServable::has_name(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

Served<void> TfServable::check(const tfs::ModelSpec& spec) const {
  if (spec.name().empty()) return wrong("ModelSpec has no name specified.");
  const bool has_version = spec.version_choice_case() == tfs::ModelSpec::kVersion;
  if (!has_name(spec.name()) || (has_version && spec.version().value() != kVersion)) {
    return wrong("Servable not found for request: " +
                     (has_version ? "Specific(" + spec.name() + ", " +
                                        std::to_string(spec.version().value()) + ")"
                                  : "Latest(" + spec.name() + ")"),
                 GrpcCode::kNotFound);
  }
  if (!spec.version_label().empty() && spec.version_label() != kLabel) {
    return wrong("Unrecognized servable version label: " + spec.version_label());
  }
  return {};
}

bool TfServable::has_signature(const std::string& signature) const {
  return model_ == nullptr || signature.empty() || signature == kDefaultSignature ||
         signature == model_->names().signature;
}

tfs::ModelSpec TfServable::effective(const tfs::ModelSpec& asked) const {
  tfs::ModelSpec made;
  made.set_name(asked.name());
  made.mutable_version()->set_value(kVersion);
  made.set_signature_name(asked.signature_name().empty() ? kDefaultSignature
                                                         : asked.signature_name());
  return made;
}

Served<tfs::PredictResponse> TfServable::predict(const tfs::PredictRequest& request) const {
  if (!request.has_model_spec()) return wrong("Missing ModelSpec");
  if (auto known = check(request.model_spec()); !known) return known.error();
  const std::string& signature = request.model_spec().signature_name();
  if (!has_signature(signature)) {
    return wrong("Serving signature key \"" + signature + "\" not found.",
                 GrpcCode::kFailedPrecondition);
  }
  tfs::PredictResponse response;
  *response.mutable_model_spec() = effective(request.model_spec());
  if (model_ == nullptr) {
    *response.mutable_outputs() = request.inputs();
    return response;
  }

  const auto& [_, input, output] = model_->names();
  for (const auto& [name, tensor] : request.inputs()) {
    if (name == input) continue;
    return wrong("input tensor alias not found in signature: " + name +
                 ". Inputs expected to be in the set {" + input + "}.");
  }
  const auto found = request.inputs().find(input);
  if (found == request.inputs().end()) {
    return wrong("input size does not match signature: 0!=1 len({" + input +
                 "}) != len({}). Sent extra: {}. Missing but required: {" + input + "}.");
  }
  for (const std::string& wanted : request.output_filter()) {
    if (wanted == output) continue;
    return wrong("output tensor alias not found in signature: " + wanted +
                 " Outputs expected to be in the set {" + output + "}.");
  }
  const auto& shape = found->second.tensor_shape();
  const bool is_scalars = shape.dim_size() < 2;
  const SoftmaxModel& model = is_scalars && scalars_ != nullptr ? *scalars_ : *model_;
  const auto rows = read_rows(found->second, model);
  if (!rows) return rows.error();
  const std::vector<float> scores = model.scores(*rows);
  auto& made = (*response.mutable_outputs())[output];
  made.set_dtype(tensorflow::DT_FLOAT);
  if (is_scalars && model.outputs() == 1) {
    *made.mutable_tensor_shape() = shape;
  } else {
    for (const std::size_t size : {rows->size() / model.inputs(), model.outputs()}) {
      made.mutable_tensor_shape()->add_dim()->set_size(static_cast<std::int64_t>(size));
    }
  }
  made.mutable_float_val()->Add(scores.begin(), scores.end());
  return response;
}

Served<std::vector<float>> TfServable::score_examples(const tfs::ModelSpec& spec,
                                                      const tfs::Input& input) const {
  if (auto known = check(spec); !known) return known.error();
  if (model_ == nullptr) return wrong("No classification or regression signature found.");
  if (!has_signature(spec.signature_name())) {
    return wrong("No signature was found with the name: " + spec.signature_name());
  }
  const bool has_context = input.has_example_list_with_context();
  const auto& examples =
      has_context ? input.example_list_with_context().examples() : input.example_list().examples();
  if (examples.empty()) return wrong("Input is empty.");
  const std::string& name = model_->names().input;
  const std::size_t bytes = input.ByteSizeLong();
  std::vector<float> rows;
  for (const tensorflow::Example& example : examples) {
    const auto* features = &example.features().feature();
    if (has_context && !features->contains(name)) {
      features = &input.example_list_with_context().context().features().feature();
    }
    const auto feature = features->find(name);
    if (feature == features->end() || feature->second.kind_case() == 0) {
      return wrong("Name: <unknown>, Feature: " + name +
                   " (data type: float) is required but could not be found.");
    }
    if (!feature->second.has_float_list()) {
      const bool is_whole = feature->second.has_int64_list();
      return wrong("Name: <unknown>, Key: " + name +
                   ", Index: 0.  Data types don't match. Data type: " +
                   (is_whole ? "int64" : "string") + " but expected type: float");
    }
    const auto& values = feature->second.float_list().value();
    if (static_cast<std::size_t>(values.size()) != model_->inputs()) {
      return wrong("Name: <unknown>, Key: " + name +
                   ", Index: 0.  Number of float values != expected.  values size: " +
                   std::to_string(values.size()) + " but output shape: [" +
                   std::to_string(model_->inputs()) + "]");
    }
    // A context's feature counts once in the message, and in each example here.
    const std::size_t made = (rows.size() + model_->inputs()) * sizeof(float);
    if (is_amplified(made, bytes)) return too_large();
    rows.insert(rows.end(), values.begin(), values.end());
  }
  return model_->scores(rows);
}

Served<tfs::ClassificationResponse> TfServable::classify(
    const tfs::ClassificationRequest& request) const {
  if (!request.has_model_spec()) return wrong("Missing ModelSpec");
  const auto scores = score_examples(request.model_spec(), request.input());
  if (!scores) return scores.error();
  tfs::ClassificationResponse response;
  *response.mutable_model_spec() = effective(request.model_spec());
  for (std::size_t at = 0; at < scores->size();) {
    auto& made = *response.mutable_result()->add_classifications();
    for (std::size_t j = 0; j < model_->outputs(); ++j, ++at) {
      auto& one = *made.add_classes();
      one.set_label(std::to_string(j));
      one.set_score((*scores)[at]);
    }
  }
  return response;
}

Served<tfs::RegressionResponse> TfServable::regress(const tfs::RegressionRequest& request) const {
  if (!request.has_model_spec()) return wrong("Missing ModelSpec");
  const auto scores = score_examples(request.model_spec(), request.input());
  if (!scores) return scores.error();
  tfs::RegressionResponse response;
  *response.mutable_model_spec() = effective(request.model_spec());
  for (std::size_t at = 0; at < scores->size();) {
    double mean = 0;
    for (std::size_t j = 0; j < model_->outputs(); ++j, ++at) {
      mean += static_cast<double>(j) * static_cast<double>((*scores)[at]);
    }
    response.mutable_result()->add_regressions()->set_value(static_cast<float>(mean));
  }
  return response;
}

Served<tfs::GetModelStatusResponse> TfServable::status(
    const tfs::GetModelStatusRequest& request) const {
  if (!request.has_model_spec()) return wrong("Missing ModelSpec");
  const tfs::ModelSpec& spec = request.model_spec();
  const bool has_version = spec.version_choice_case() == tfs::ModelSpec::kVersion;
  if (!has_name(spec.name()) || (has_version && spec.version().value() != kVersion)) {
    const std::string which =
        has_version ? "version " + std::to_string(spec.version().value()) : "any versions";
    return wrong("Could not find " + which + " of model " + spec.name(), GrpcCode::kNotFound);
  }
  if (auto known = check(spec); !known) return known.error();
  tfs::GetModelStatusResponse response;
  auto& one = *response.add_model_version_status();
  one.set_version(kVersion);
  one.set_state(tfs::ModelVersionStatus::AVAILABLE);
  one.mutable_status();
  return response;
}

tfs::SignatureDefMap TfServable::signatures() const {
  tfs::SignatureDefMap made;
  tensorflow::SignatureDef signature;
  signature.set_method_name(kPredictMethod);
  if (model_ != nullptr) {
    const auto& names = model_->names();
    (*signature.mutable_inputs())[names.input] = info_of(names.input, model_->inputs());
    (*signature.mutable_outputs())[names.output] = info_of(names.output, model_->outputs());
    (*made.mutable_signature_def())[names.signature] = signature;
  }
  (*made.mutable_signature_def())[kDefaultSignature] = signature;
  return made;
}

Served<tfs::GetModelMetadataResponse> TfServable::metadata(
    const tfs::GetModelMetadataRequest& request) const {
  if (!request.has_model_spec()) return wrong("Missing ModelSpec");
  if (request.metadata_field().empty()) {
    return wrong("GetModelMetadataRequest must specify at least one metadata_field");
  }
  for (const std::string& field : request.metadata_field()) {
    if (field != "signature_def") {
      return wrong("Metadata field " + field + " is not supported");
    }
  }
  if (auto known = check(request.model_spec()); !known) return known.error();
  tfs::GetModelMetadataResponse response;
  response.mutable_model_spec()->set_name(request.model_spec().name());
  response.mutable_model_spec()->mutable_version()->set_value(kVersion);
  (*response.mutable_metadata())["signature_def"].PackFrom(signatures());
  return response;
}

}  // namespace infergraph::engine
