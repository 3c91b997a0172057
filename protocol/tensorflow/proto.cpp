#include <google/protobuf/arena.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/utf8.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensor/tensor_proto.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/wire/fields.hpp"
#include "protocol/wire/parse.hpp"
#include "tensorflow_serving/predict.pb.h"

namespace infergraph::protocol {

namespace {

using google::protobuf::Arena;
using tensorflow::TensorProto;
using tensorflow::serving::ModelSpec;
using tensorflow::serving::PredictRequest;
using tensorflow::serving::PredictResponse;

// Of a map's entry.
constexpr int kKey = 1;
constexpr int kValue = 2;

Status bad(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

/// Where the fields of a request or an answer are.
struct Layout {
  int tensors;
  int model_spec;
  std::string_view path;
  std::string_view message;
};

constexpr Layout kRequest = {PredictRequest::kInputsFieldNumber,
                             PredictRequest::kModelSpecFieldNumber, "inputs", "PredictRequest"};
constexpr Layout kAnswer = {PredictResponse::kOutputsFieldNumber,
                            PredictResponse::kModelSpecFieldNumber, "outputs", "PredictResponse"};

/// The bytes of a message, which may come in several parts: they count as if they were behind one
/// another. Keeps a single part where it is.
class Parts {
 public:
  void add(std::string_view part) {
    if (count_ == 1) joined_ = first_;
    if (count_++ == 0) {
      first_ = part;
    } else {
      joined_ += part;
    }
  }

  std::string_view bytes(Message& message) && {
    return count_ < 2 ? first_ : message.keep(std::move(joined_));
  }

 private:
  std::string_view first_;
  std::string joined_;
  std::size_t count_ = 0;
};

bool read_entry(Message& message, std::string_view entry,
                std::map<std::string, std::string_view>& tensors) {
  std::string_view name;
  Parts tensor;
  const bool well_formed = for_each_field(entry, [&](const WireField& field) {
    if (field.number != kKey && field.number != kValue) return true;
    if (!field.is_delimited) return false;
    if (field.number == kKey) {
      name = field.value;
    } else {
      tensor.add(field.value);
    }
    return true;
  });
  if (!well_formed || !is_utf8(name) || !afford(kTensorWork)) return false;
  tensors.insert_or_assign(std::string(name), std::move(tensor).bytes(message));
  return true;
}

/// The tensor_content of a tensor on the wire. Of several the last counts.
bool find_content(std::string_view wire, std::string_view& content) {
  return for_each_field(wire, [&content](const WireField& field) {
    if (field.number == TensorProto::kTensorContentFieldNumber && field.is_delimited) {
      content = field.value;
    }
    return true;
  });
}

/// Everything else of it.
std::string without_content(std::string_view wire) {
  std::string rest;
  (void)for_each_field(wire, [&rest](const WireField& field) {
    if (field.number != TensorProto::kTensorContentFieldNumber) rest += field.whole;
    return true;
  });
  return rest;
}

Result<Tensor> read_tensor(Message& message, std::string_view wire, const std::string& where,
                           const Layout& layout) {
  const auto arena = std::make_shared<Arena>();
  auto& proto = *Arena::CreateMessage<TensorProto>(arena.get());
  const auto malformed = [&layout] {
    return bad("the message is not a " + std::string(layout.message));
  };
  constexpr std::size_t kLarge = 4096;  // bytes that are worth not being copied
  std::string_view content;
  if (!find_content(wire, content)) return malformed();
  if (content.size() >= kLarge) {
    if (!parse(without_content(wire), proto)) return malformed();
    const auto type = from_tensorflow_number(proto.dtype());
    if (type && size_of(*type) > 0 && !proto.tensor_shape().unknown_rank()) {
      Tensor tensor{.type = *type};
      for (const auto& dim : proto.tensor_shape().dim()) tensor.shape.push_back(dim.size());
      if (auto read = from_raw(message, tensor, content, where); !read) return read.error();
      return tensor;
    }
  }
  if (!parse(wire, proto)) return malformed();
  auto tensor = read_tensor_proto(message, proto, where);
  if (tensor && tensor->type == DataType::kBytes) message.parsed.push_back(arena);
  return tensor;
}

void read_spec(Message& message, const ModelSpec& spec) {
  message.model_name = spec.name();
  message.signature_name = spec.signature_name();
  if (spec.has_version()) message.model_version = std::to_string(spec.version().value());
}

void set_names(ModelSpec& spec, const Message& message, const ModelProfile& profile) {
  spec.set_name(profile.name.empty() ? message.model_name : profile.name);
  spec.set_signature_name(profile.signature_name.empty() ? message.signature_name
                                                         : profile.signature_name);
}

/// A map's entry: its beginning, and the tensor's values.
struct Entry {
  std::string head;
  RawElements values;
};

std::size_t head_size(int number, std::size_t size) {
  std::string head;
  append_field_head(head, number, size);
  return head.size() + size;
}

Result<Entry> entry_of(Message& message, const Tensor& tensor, int number) {
  auto wire = write_tensor_proto(message, tensor);
  if (!wire) return wire.error();
  Entry entry;
  entry.values = wire->values;
  append_field_head(entry.head, number,
                    head_size(kKey, tensor.name.size()) + head_size(kValue, wire->size()));
  append_field(entry.head, kKey, tensor.name);
  append_field_head(entry.head, kValue, wire->size());
  entry.head += wire->head;
  return entry;
}

/// `rest` and the message's tensors, in the order of their names.
Result<Payload> write(Message& message, const std::string& rest, int number) {
  if (message.content != Content::kData) {
    return bad("protocol tensorflow has tensors only, and the message has none");
  }
  std::vector<const Tensor*> tensors;
  tensors.reserve(message.tensors.size());
  for (const Tensor& tensor : message.tensors) tensors.push_back(&tensor);
  std::sort(tensors.begin(), tensors.end(),
            [](const Tensor* left, const Tensor* right) { return left->name < right->name; });

  std::vector<Entry> entries;
  entries.reserve(tensors.size());
  std::size_t size = rest.size();
  for (const Tensor* const tensor : tensors) {
    auto entry = entry_of(message, *tensor, number);
    if (!entry) return entry.error();
    size += entry->head.size() + entry->values.size();
    entries.push_back(*std::move(entry));
  }
  if (size > kMostWireBytes) return Status(Code::kTooLarge, "the message is more than 2 GiB");
  std::string wire;
  wire.reserve(size);
  wire += rest;
  for (const Entry& entry : entries) {
    wire += entry.head;
    entry.values.append_to(wire);
  }
  Payload made = Payload::proto(std::move(wire));
  made.set_protocol(Protocol::kTensorflow);
  made.set_origin(message.source.origin());
  return made;
}

}  // namespace

Result<Message> read_tensorflow_proto(const Payload& payload, Role role) {
  const Layout& layout = role == Role::kRequest ? kRequest : kAnswer;
  Message message;
  message.source = payload;
  message.traits.by_column = true;
  std::map<std::string, std::string_view> tensors;
  Parts spec_bytes;
  const bool well_formed = for_each_field(message.source.bytes(), [&](const WireField& field) {
    if (field.number != layout.tensors && field.number != layout.model_spec) return true;
    if (!field.is_delimited) return false;
    if (field.number == layout.tensors) return read_entry(message, field.value, tensors);
    spec_bytes.add(field.value);
    return true;
  });
  ModelSpec spec;
  if (!well_formed || !parse(std::move(spec_bytes).bytes(message), spec)) {
    return bad("the message is not a " + std::string(layout.message));
  }
  read_spec(message, spec);
  for (const auto& [name, wire] : tensors) {
    const std::string where = std::string(layout.path) + '.' + json::excerpt(name);
    auto tensor = read_tensor(message, wire, where, layout);
    if (!tensor) return tensor.error();
    tensor->name = name;
    message.tensors.push_back(*std::move(tensor));
  }
  return message;
}

Result<Payload> write_tensorflow_request_proto(Message& message, const ModelProfile& profile) {
  PredictRequest rest;
  set_names(*rest.mutable_model_spec(), message, profile);
  if (!profile.output.empty()) rest.add_output_filter(profile.output);
  return write(message, rest.SerializeAsString(), kRequest.tensors);
}

Result<Payload> write_tensorflow_answer_proto(Message& message, const ModelProfile& profile) {
  PredictResponse rest;
  ModelSpec& spec = *rest.mutable_model_spec();
  set_names(spec, message, profile);
  std::int64_t version = 0;
  const char* const end = message.model_version.data() + message.model_version.size();
  const auto [stop, error] = std::from_chars(message.model_version.data(), end, version);
  if (error == std::errc() && stop == end) spec.mutable_version()->set_value(version);
  return write(message, rest.SerializeAsString(), kAnswer.tensors);
}

}  // namespace infergraph::protocol
