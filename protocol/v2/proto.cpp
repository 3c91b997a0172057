#include <google/protobuf/arena.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_set>
#include <utility>

#include "inference/grpc_service.pb.h"
#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/v2/codec.hpp"
#include "protocol/v2/contents.hpp"
#include "protocol/v2/parameters.hpp"
#include "protocol/wire/fields.hpp"
#include "protocol/wire/parse.hpp"

namespace infergraph::protocol {

namespace {

using inference::InferTensorContents;
using inference::ModelInferRequest;
using inference::ModelInferResponse;

// Whether every value of a wider field fits the type.
template <typename T, typename Values>
bool fits(const Values& values) {
  return std::all_of(values.begin(), values.end(),
                     [](auto value) { return static_cast<T>(value) == value; });
}

bool fits(const InferTensorContents& contents, DataType type) {
  switch (type) {
    case DataType::kInt8:
      return fits<std::int8_t>(contents.int_contents());
    case DataType::kInt16:
      return fits<std::int16_t>(contents.int_contents());
    case DataType::kUint8:
      return fits<std::uint8_t>(contents.uint_contents());
    case DataType::kUint16:
      return fits<std::uint16_t>(contents.uint_contents());
    default:
      return true;
  }
}

Result<void> read_contents(Message& message, Tensor& tensor, const InferTensorContents& contents,
                           const std::string& where) {
  const std::size_t count = count_of(tensor.shape);
  if (tensor.type == DataType::kBytes) {
    for (const std::string& element : contents.bytes_contents()) {
      tensor.strings.emplace_back(element);  // which the message keeps
    }
    if (tensor.strings.size() != count) {
      return invalid(where + ": expected " + std::to_string(count) + " elements but found " +
                     std::to_string(tensor.strings.size()));
    }
    return {};
  }
  std::optional<std::string> bytes;
  if (fits(contents, tensor.type)) bytes = raw_contents(contents, tensor.type);
  if (!bytes) {
    return invalid(where + ": contents can't be of datatype " + std::string(v2_name(tensor.type)));
  }
  const std::size_t found = bytes->size() / size_of(tensor.type);
  if (found != count) {
    return invalid(where + ": expected " + std::to_string(count) + " elements but found " +
                   std::to_string(found));
  }
  tensor.data = message.keep(*std::move(bytes));
  return {};
}

using RawContents = std::vector<std::string_view>;

// Parses everything but the raw contents, which stay where they came.
template <typename Proto>
bool take_apart(std::string_view wire, int raw_field, Proto& rest, RawContents& raw) {
  const auto is_raw = [=](const WireField& field) {
    return field.number == raw_field && field.is_delimited;
  };
  const bool well_formed = for_each_field(wire, [&](const WireField& field) {
    if (is_raw(field)) raw.push_back(field.value);
    // There is one for each tensor.
    return !is_raw(field) || afford(kTensorWork).has_value();
  });
  if (!well_formed) return false;
  if (raw.empty()) return parse(wire, rest);
  std::string others;
  return for_each_field(wire,
                        [&](const WireField& field) {
                          if (!is_raw(field)) others += field.whole;
                          return true;
                        }) &&
         parse(others, rest);
}

// Inputs of a request, outputs of an answer: their messages have the same fields.
template <typename Tensors>
Result<void> read_tensors(Message& message, const Tensors& tensors, const RawContents& raw,
                          const char* list) {
  if (!raw.empty() && raw.size() != static_cast<std::size_t>(tensors.size())) {
    return invalid(std::string("raw contents are not as many as the ") + list);
  }
  message.tensors.reserve(static_cast<std::size_t>(tensors.size()));
  for (int i = 0; i < tensors.size(); ++i) {
    const auto& given = tensors.Get(i);
    if (raw.empty()) {
      if (auto fine = afford(kTensorWork); !fine) return fine;
    }
    const std::string where = std::string(list) + '[' + std::to_string(i) + ']';
    const auto type = from_v2_name(given.datatype());
    if (!type)
      return invalid(where + ".datatype: \"" + json::excerpt(given.datatype()) + "\" is none");
    Tensor tensor;
    tensor.name = given.name();
    tensor.type = *type;
    tensor.path = where;
    tensor.shape.assign(given.shape().begin(), given.shape().end());
    tensor.parameters = read_parameters(given.parameters());
    Result<void> read = {};
    if (raw.empty()) {
      read = read_contents(message, tensor, given.contents(), where);
    } else if (given.contents().ByteSizeLong() > 0) {
      read = invalid(where + ": contents must not be there beside raw contents");
    } else {
      read = from_raw(message, tensor, raw[static_cast<std::size_t>(i)], where);
    }
    if (!read) return read;
    message.tensors.push_back(std::move(tensor));
  }
  return {};
}

// Typed contents of strings stay where the parser put them.
void keep_strings(Message& message, const std::shared_ptr<google::protobuf::Arena>& arena) {
  const bool has_strings =
      std::any_of(message.tensors.begin(), message.tensors.end(),
                  [](const Tensor& tensor) { return tensor.type == DataType::kBytes; });
  if (has_strings) message.parsed.push_back(arena);
}

template <typename Proto>
void read_head(Message& message, const Proto& proto) {
  message.model_name = proto.model_name();
  message.model_version = proto.model_version();
  message.traits.id = proto.id();
  message.parameters = read_parameters(proto.parameters());
  message.traits.binary_output = is_on(message.parameters, kBinaryDataOutput);
}

// Errors: afford()'s: a list of nothing but short names takes more than it is.
Result<void> read_outputs(RequestTraits& traits, const ModelInferRequest& request) {
  const auto count = static_cast<std::size_t>(request.outputs_size());
  if (auto fine = afford(count * kParameterWork); !fine) return fine;
  traits.outputs.reserve(count);
  for (const auto& output : request.outputs()) {
    traits.outputs.push_back({output.name(), read_parameters(output.parameters())});
  }
  return {};
}

template <typename Proto>
void write_tensor(const Tensor& tensor, Proto& into) {
  into.set_name(tensor.name);
  into.set_datatype(std::string(v2_name(tensor.type)));
  into.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
  Parameters parameters = tensor.parameters;
  erase_parameter(parameters, kBinaryDataSize);
  write_parameters(parameters, *into.mutable_parameters());
}

Result<void> check(const std::vector<Tensor>& tensors) {
  for (const Tensor& tensor : tensors) {
    if (tensor.name.empty()) {
      return invalid("tensor " + std::to_string(&tensor - tensors.data()) + " has no name");
    }
    if (!v2_name(tensor.type).empty()) continue;
    return invalid("tensor \"" + json::excerpt(tensor.name) +
                   "\": protocol v2 has no datatype for it");
  }
  return {};
}

// The raw contents come last and are copied once: into the message.
Result<Payload> serialized(const google::protobuf::Message& head, int raw_field,
                           const std::vector<RawElements>& raw) {
  constexpr std::size_t kMostHead = 10;  // tag and length
  std::size_t size = head.ByteSizeLong();
  for (const RawElements& elements : raw) size += elements.size() + kMostHead;
  if (size > kMostWireBytes) return Status(Code::kTooLarge, "the message is more than 2 GiB");
  std::string wire;
  wire.reserve(size);
  head.AppendToString(&wire);
  for (const RawElements& elements : raw) {
    append_field_head(wire, raw_field, elements.size());
    elements.append_to(wire);
  }
  return Payload::proto(std::move(wire));
}

Result<Payload> write_request(Message& message, const V2Options& options) {
  ModelInferRequest request;
  request.set_model_name(options.model_name);
  request.set_id(options.traits.id);
  write_parameters(message.parameters, *request.mutable_parameters());
  std::vector<RawElements> raw;
  for (const Tensor& tensor : message.tensors) {
    write_tensor(tensor, *request.add_inputs());
    const auto elements = to_raw(message, tensor);
    if (!elements) return elements.error();
    raw.push_back(*elements);
  }
  for (const RequestedOutput& output : options.traits.outputs) {
    auto& requested = *request.add_outputs();
    requested.set_name(output.name);
    write_parameters(output.parameters, *requested.mutable_parameters());
  }
  return serialized(request, ModelInferRequest::kRawInputContentsFieldNumber, raw);
}

Result<Payload> write_answer(Message& message, const V2Options& options) {
  ModelInferResponse response;
  response.set_model_name(message.model_name.empty() ? options.model_name : message.model_name);
  response.set_model_version(message.model_version);
  response.set_id(options.traits.id);
  write_parameters(message.parameters, *response.mutable_parameters());
  const auto& wanted = options.traits.outputs;
  std::unordered_set<std::string_view> asked;
  if (!wanted.empty()) {
    std::unordered_set<std::string_view> names;
    for (const Tensor& tensor : message.tensors) names.insert(tensor.name);
    for (const RequestedOutput& output : wanted) {
      asked.insert(output.name);
      if (names.contains(output.name)) continue;
      return invalid("the answer has no output \"" + json::excerpt(output.name) + '"');
    }
  }
  std::vector<RawElements> raw;
  for (const Tensor& tensor : message.tensors) {
    if (!wanted.empty() && !asked.contains(tensor.name)) continue;
    write_tensor(tensor, *response.add_outputs());
    const auto elements = to_raw(message, tensor);
    if (!elements) return elements.error();
    raw.push_back(*elements);
  }
  return serialized(response, ModelInferResponse::kRawOutputContentsFieldNumber, raw);
}

}  // namespace

Result<Message> read_v2_proto(const Payload& payload, Role role) {
  Message message;
  message.source = payload;
  RawContents raw;
  const auto arena = std::make_shared<google::protobuf::Arena>();
  if (role == Role::kRequest) {
    auto& request = *google::protobuf::Arena::CreateMessage<ModelInferRequest>(arena.get());
    if (!take_apart(payload.bytes(), ModelInferRequest::kRawInputContentsFieldNumber, request,
                    raw)) {
      return invalid("not a ModelInferRequest");
    }
    read_head(message, request);
    if (auto fine = read_outputs(message.traits, request); !fine) return fine.error();
    auto read = read_tensors(message, request.inputs(), raw, "inputs");
    if (!read) return read.error();
    keep_strings(message, arena);
    return message;
  }
  auto& response = *google::protobuf::Arena::CreateMessage<ModelInferResponse>(arena.get());
  if (!take_apart(payload.bytes(), ModelInferResponse::kRawOutputContentsFieldNumber, response,
                  raw)) {
    return invalid("not a ModelInferResponse");
  }
  read_head(message, response);
  auto read = read_tensors(message, response.outputs(), raw, "outputs");
  if (!read) return read.error();
  keep_strings(message, arena);
  return message;
}

void read_v2_proto_traits(std::string_view wire, RequestTraits& traits) {
  // Only the small fields: the tensors are left where they are.
  std::string small;
  const bool well_formed = for_each_field(wire, [&small](const WireField& field) {
    const bool tensors = field.number == ModelInferRequest::kInputsFieldNumber ||
                         field.number == ModelInferRequest::kRawInputContentsFieldNumber;
    if (!tensors) small += field.whole;
    return true;
  });
  ModelInferRequest request;
  if (!well_formed || !parse(small, request)) return;
  traits.id = request.id();
  traits.binary_output = is_on(read_parameters(request.parameters()), kBinaryDataOutput);
  (void)read_outputs(traits, request);
}

Result<Payload> write_v2_proto(Message& message, const V2Options& options) {
  if (auto fine = check(message.tensors); !fine) return fine.error();
  return options.role == Role::kRequest ? write_request(message, options)
                                        : write_answer(message, options);
}

}  // namespace infergraph::protocol
