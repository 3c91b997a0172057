#include "protocol/tensorflow/metadata.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/tensor/message.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/tensorflow/members.hpp"
#include "protocol/wire/parse.hpp"
#include "protocol/work.hpp"
#include "tensorflow_serving/model_metadata.pb.h"
#include "tensorflow_serving/model_status.pb.h"

namespace infergraph::protocol {

namespace {

using google::protobuf::Message;
using tensorflow::serving::GetModelMetadataRequest;
using tensorflow::serving::GetModelMetadataResponse;
using tensorflow::serving::GetModelStatusRequest;
using tensorflow::serving::GetModelStatusResponse;
using tensorflow::serving::ModelSpec;
using tensorflow::serving::SignatureDefMap;

constexpr const char* kSignatureDef = "signature_def";
constexpr const char* kDefaultSignature = "serving_default";
constexpr const char* kTypePrefix = "type.googleapis.com";

Status bad(std::string message) { return {Code::kBadUpstream, std::move(message)}; }

/// The JSON that TensorFlow Serving makes of a message: protobuf's own, as it is there, but with
/// maps in order.
Result<std::string> print(const Message& message) {
  static google::protobuf::util::TypeResolver* const kResolver =
      google::protobuf::util::NewTypeResolverForDescriptorPool(
          kTypePrefix, google::protobuf::DescriptorPool::generated_pool());
  std::string wire;
  {
    google::protobuf::io::StringOutputStream stream(&wire);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    if (!message.SerializeToCodedStream(&out)) return bad("the message can't be written");
  }
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  const auto status = google::protobuf::util::BinaryToJsonString(
      kResolver, kTypePrefix + ('/' + message.GetDescriptor()->full_name()), wire, &text, options);
  if (!status.ok()) return bad(std::string(status.message()));
  return text;
}

/// Reads the JSON of one message.
std::optional<Status> read(std::string_view text, const std::string& where, Message& message) {
  const auto wire = json_to_proto(text, *message.GetDescriptor());
  if (!wire) return bad(where + ": " + wire.error().message());
  if (!parse(*wire, message)) return bad(where + ": nested too deep");
  return std::nullopt;
}

/// Finds model_spec and metadata.signature_def, which is a SignatureDefMap.
class MetadataFinder final : public json::Visitor {
 public:
  bool enter(const json::Path& path, json::Kind kind) override {
    return kind == json::Kind::kObject && (path.depth() == 0 || path.is({"metadata"}));
  }
  void value(const json::Path& path, json::Kind, std::string_view text) override {
    if (path.is({"model_spec"})) model_spec_ = text;
    if (path.is({"metadata", kSignatureDef})) signatures_ = text;
  }

  std::string_view model_spec_;
  std::string_view signatures_;
};

std::optional<Status> read_error(std::string_view body) {
  const auto members = find_tensorflow_members(body);
  if (!members) return bad(members.error().message());
  if (members->error.is_there()) return bad(members->error_text());
  return std::nullopt;
}

/// Out: `spec`, unless it is null, and `signatures`.
std::optional<Status> read_json(std::string_view body, ModelSpec* spec,
                                SignatureDefMap& signatures) {
  if (auto error = read_error(body)) return error;
  MetadataFinder finder;
  (void)json::visit(body, finder);  // well-formed: it was read above
  if (finder.signatures_.empty()) return bad("the metadata has no signature_def");
  if (spec != nullptr && !finder.model_spec_.empty()) {
    if (auto problem = read(finder.model_spec_, "model_spec", *spec)) return problem;
  }
  return read(finder.signatures_, "metadata.signature_def", signatures);
}

std::optional<Status> read_proto(const GetModelMetadataResponse& response,
                                 SignatureDefMap& signatures) {
  const auto found = response.metadata().find(kSignatureDef);
  if (found == response.metadata().end()) return bad("the metadata has no signature_def");
  const auto& any = found->second;
  if (!any.Is<SignatureDefMap>() || !parse(any.value(), signatures)) {
    return bad("metadata.signature_def is not a SignatureDefMap");
  }
  return std::nullopt;
}

// Whether protobuf's printer, which takes about a kilobyte for each dimension, may begin.
Result<void> could_be_printed(const SignatureDefMap& signatures) {
  std::size_t work = 0;
  for (const auto& [name, signature] : signatures.signature_def()) {
    for (const auto* infos : {&signature.inputs(), &signature.outputs()}) {
      for (const auto& [key, info] : *infos) {
        work += kTensorWork + kDimensionWork * std::size_t(info.tensor_shape().dim_size());
      }
    }
  }
  return afford(work);
}

Result<std::string> metadata_to_json(std::string_view wire) {
  GetModelMetadataResponse response;
  if (!parse(wire, response)) return bad("the metadata is not a GetModelMetadataResponse");
  SignatureDefMap signatures;
  if (auto problem = read_proto(response, signatures)) return *problem;
  if (auto fine = could_be_printed(signatures); !fine) return bad(fine.error().message());
  const auto spec = print(response.model_spec());
  if (!spec) return spec.error();
  const auto text = print(signatures);
  if (!text) return text.error();
  return R"({"model_spec":)" + *spec + R"(,"metadata":{"signature_def":)" + *text + "}}";
}

Result<std::string> metadata_to_proto(std::string_view body) {
  GetModelMetadataResponse response;
  SignatureDefMap signatures;
  if (auto problem = read_json(body, response.mutable_model_spec(), signatures)) return *problem;
  (*response.mutable_metadata())[kSignatureDef].PackFrom(signatures);
  return response.SerializeAsString();
}

Result<std::string> status_to_json(std::string_view wire) {
  GetModelStatusResponse response;
  if (!parse(wire, response)) return bad("the status is not a GetModelStatusResponse");
  return print(response);
}

Result<std::string> status_to_proto(std::string_view body) {
  if (auto error = read_error(body)) return *error;
  GetModelStatusResponse response;
  if (auto problem = read(body, "status", response)) return *problem;
  return response.SerializeAsString();
}

Result<Payload> made_from(const Payload& payload, Result<std::string> bytes, Encoding target) {
  if (!bytes) return bytes.error();
  Payload made = target == Encoding::kJson ? Payload::json(*std::move(bytes))
                                           : Payload::proto(*std::move(bytes));
  made.set_protocol(payload.protocol());
  made.set_origin(payload.origin());
  return made;
}

using TensorInfos = google::protobuf::Map<std::string, tensorflow::TensorInfo>;

void set_infos(const std::vector<TensorInfo>& infos, TensorInfos& tensors) {
  for (const TensorInfo& info : infos) {
    tensorflow::TensorInfo& tensor = tensors[info.name];
    tensor.set_name(info.name);
    tensor.set_dtype(static_cast<tensorflow::DataType>(tensorflow_number(info.type)));
    auto& shape = *tensor.mutable_tensor_shape();
    shape.set_unknown_rank(info.unknown_rank);
    if (info.unknown_rank) continue;
    for (const std::int64_t size : info.shape) shape.add_dim()->set_size(size);
  }
}

std::vector<TensorInfo> to_infos(const TensorInfos& tensors) {
  std::vector<TensorInfo> infos;
  infos.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    TensorInfo info{.name = name};
    info.type = from_tensorflow_number(tensor.dtype()).value_or(DataType::kUnknown);
    info.unknown_rank = !tensor.has_tensor_shape() || tensor.tensor_shape().unknown_rank();
    for (const auto& dim : tensor.tensor_shape().dim()) info.shape.push_back(dim.size());
    infos.push_back(std::move(info));
  }
  std::sort(infos.begin(), infos.end(),
            [](const TensorInfo& left, const TensorInfo& right) { return left.name < right.name; });
  return infos;
}

}  // namespace

Result<Payload> convert_tensorflow_status(const Payload& status, Encoding target) {
  if (status.encoding() == target) return status;
  const bool to_json = target == Encoding::kJson;
  return made_from(
      status, to_json ? status_to_json(status.bytes()) : status_to_proto(status.bytes()), target);
}

bool has_available_version(const Payload& status) {
  const auto wire = convert_tensorflow_status(status, Encoding::kProto);
  GetModelStatusResponse response;
  if (!wire || !parse(wire->bytes(), response)) return false;
  return std::any_of(response.model_version_status().begin(), response.model_version_status().end(),
                     [](const auto& version) {
                       return version.state() == tensorflow::serving::ModelVersionStatus::AVAILABLE;
                     });
}

Result<Payload> convert_tensorflow_metadata(const Payload& metadata, Encoding target) {
  if (metadata.encoding() == target) return metadata;
  const bool to_json = target == Encoding::kJson;
  return made_from(
      metadata, to_json ? metadata_to_json(metadata.bytes()) : metadata_to_proto(metadata.bytes()),
      target);
}

Result<Payload> write_tensorflow_metadata(const std::string& name, const Signature& signature,
                                          Encoding encoding) {
  SignatureDefMap signatures;
  auto& made = (*signatures.mutable_signature_def())[kDefaultSignature];
  set_infos(signature.inputs, *made.mutable_inputs());
  set_infos(signature.outputs, *made.mutable_outputs());
  made.set_method_name("tensorflow/serving/predict");
  GetModelMetadataResponse response;
  response.mutable_model_spec()->set_name(name);
  (*response.mutable_metadata())[kSignatureDef].PackFrom(signatures);
  Payload metadata = Payload::proto(response.SerializeAsString());
  metadata.set_protocol(Protocol::kTensorflow);
  return convert_tensorflow_metadata(metadata, encoding);
}

std::string write_model_metadata_request(const std::string& name) {
  GetModelMetadataRequest request;
  request.mutable_model_spec()->set_name(name);
  request.add_metadata_field(kSignatureDef);
  return request.SerializeAsString();
}

std::string write_model_status_request(const std::string& name) {
  GetModelStatusRequest request;
  request.mutable_model_spec()->set_name(name);
  return request.SerializeAsString();
}

Result<Signature> read_tensorflow_metadata(const Payload& metadata,
                                           const std::string& signature_name) {
  SignatureDefMap signatures;
  if (metadata.encoding() == Encoding::kJson) {
    if (auto problem = read_json(metadata.bytes(), nullptr, signatures)) return *problem;
  } else {
    GetModelMetadataResponse response;
    if (!parse(metadata.bytes(), response)) {
      return bad("the metadata is not a GetModelMetadataResponse");
    }
    if (auto problem = read_proto(response, signatures)) return *problem;
  }
  const std::string name = signature_name.empty() ? kDefaultSignature : signature_name;
  const auto found = signatures.signature_def().find(name);
  if (found == signatures.signature_def().end()) {
    return Status(Code::kInvalidArgument,
                  "Serving signature name: \"" + name + "\" not found in signature def");
  }
  return Signature{to_infos(found->second.inputs()), to_infos(found->second.outputs())};
}

}  // namespace infergraph::protocol
