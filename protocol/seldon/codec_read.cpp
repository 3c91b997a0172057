// SeldonMessage in JSON to the neutral form.
#include <cstring>
#include <memory>
#include <utility>

#include "base/base64.hpp"
#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/seldon/codec.hpp"
#include "protocol/seldon/data.hpp"
#include "protocol/seldon/reader.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensor/tensor_proto.hpp"
#include "protocol/wire/parse.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {

namespace {

constexpr std::string_view kTensor = "data.tensor";
constexpr const char* kNdarray = "data.ndarray";
constexpr const char* kTftensor = "data.tftensor";

// What of a request's meta goes into its answer's. Source: docs/wire/seldon.md §8.
class MetaFilter final : public json::Visitor {
 public:
  bool enter(const json::Path& path, json::Kind kind) override {
    return path.depth() == 0 && kind == json::Kind::kObject;
  }
  void value(const json::Path& path, json::Kind kind, std::string_view text) override {
    if (path.depth() != 1 || kind == json::Kind::kNull) return;
    for (const std::string_view name : {"puid", "tags", "metrics"}) {
      if (!path.is(0, name)) continue;
      kept_.append(kept_.empty() ? "" : ",").append("\"").append(name).append("\":").append(text);
    }
  }
  std::string text() const { return "{" + kept_ + "}"; }

 private:
  std::string kept_;
};

// A number that is written as a string, as proto3 JSON may: read by the older reader, to doubles.
Result<Tensor> read_quoted_tensor(Message& message, const MessageText& text) {
  const auto numbers = read_numbers(text);
  if (!numbers) return numbers.error();
  Tensor tensor;
  tensor.type = DataType::kFloat64;
  tensor.is_soft = true;
  for (const std::size_t length : numbers->shape) {
    tensor.shape.push_back(static_cast<std::int64_t>(length));
  }
  std::string bytes(numbers->values.size() * sizeof(double), '\0');
  std::memcpy(bytes.data(), numbers->values.data(), bytes.size());
  tensor.data = message.keep(std::move(bytes));
  return tensor;
}

Result<Tensor> read_tensor(Message& message, const MessageText& text) {
  if (text.tensor_values.find('"') != std::string_view::npos ||
      text.tensor_shape.find('"') != std::string_view::npos) {
    return read_quoted_tensor(message, text);
  }
  const auto list = [&message](std::string_view value, std::string path) {
    // proto3 JSON leaves an empty list out.
    return read_list(message, value.empty() ? "[]" : value, std::move(path));
  };
  auto values = list(text.tensor_values, std::string(kTensor) + ".values");
  if (!values) return values;
  if (values->shape.size() != 1 || values->type != DataType::kUnknown) {
    return invalid("data.tensor.values: expected a flat list of numbers");
  }
  auto shape = list(text.tensor_shape, std::string(kTensor) + ".shape");
  if (shape) shape = with_type(message, *std::move(shape), DataType::kInt32);
  if (!shape) return shape;
  if (shape->shape.size() != 1 || shape->type != DataType::kInt32) {
    return invalid("data.tensor.shape: expected a flat list of whole numbers");
  }
  if (shape->data.empty()) return values;  // not said: a flat list
  const auto found = static_cast<std::size_t>(values->shape.front());
  values->shape.clear();
  for (std::size_t at = 0; at < shape->data.size(); at += sizeof(std::int32_t)) {
    std::int32_t length = 0;
    std::memcpy(&length, shape->data.data() + at, sizeof length);
    if (length < 0) return invalid("data.tensor.shape: a dimension is less than 0");
    values->shape.push_back(length);
  }
  if (count_of(values->shape) != found) {
    return invalid("data.tensor.values: expected " + std::to_string(count_of(values->shape)) +
                   " values but found " + std::to_string(found));
  }
  return values;
}

Result<Tensor> read_tftensor(Message& message, std::string_view json) {
  auto wire = json_to_proto(json, *tensorflow::TensorProto::descriptor());
  if (!wire) return invalid(std::string(kTftensor) + ": " + wire.error().message());
  count_work(wire->size());
  const auto proto = std::make_shared<tensorflow::TensorProto>();
  message.parsed.push_back(proto);
  if (!parse(*wire, *proto)) return invalid("data.tftensor: not a TensorProto");
  return read_tensor_proto(message, *proto, kTftensor);
}

}  // namespace

std::string kept_meta(std::string_view meta) {
  if (meta.empty()) return "{}";
  MetaFilter filter;
  (void)json::visit(meta, filter);
  return filter.text();
}

Result<Message> read_seldon_json(const Payload& payload) {
  Message message;
  message.source = payload;
  const auto text = read_message(payload.bytes());
  if (!text) return text.error();
  message.content = text->content;
  message.traits.content = text->content;
  message.traits.kind = text->kind;
  message.traits.meta = kept_meta(text->meta);
  const std::string_view value = text->content_text;
  switch (text->content) {
    case Content::kNone:
      return message;
    case Content::kStrData:
      if (!value.starts_with('"')) return invalid("strData: expected a string");
      message.value = message.keep(json::read_string(value));
      return message;
    case Content::kBinData: {
      auto bytes = value.starts_with('"') ? decode_base64(json::read_string(value)) : std::nullopt;
      if (!bytes) return invalid("binData: expected base64");
      message.value = message.keep(*std::move(bytes));
      return message;
    }
    case Content::kJsonData:
      message.value = value;
      return message;
    case Content::kCustomData: {
      auto wire = json_to_proto(value, *google::protobuf::Any::descriptor());
      if (!wire) return invalid("customData: " + wire.error().message());
      message.value = message.keep(*std::move(wire));
      return message;
    }
    case Content::kData:
      break;
  }
  if (!text->names.empty()) {
    const auto names = read_list(message, text->names, "data.names");
    if (!names) return names.error();
    message.columns.assign(names->strings.begin(), names->strings.end());
  }
  switch (text->kind) {
    case DataKind::kTensor:
      return with_tensor(message, read_tensor(message, *text));
    case DataKind::kNdarray:
      return with_tensor(message, read_list(message, text->ndarray, kNdarray));
    case DataKind::kTftensor:
      return with_tensor(message, read_tftensor(message, text->tftensor));
    case DataKind::kNone:
      break;
  }
  return invalid("data: expected tensor, ndarray or tftensor");
}

Result<Message> read_seldon(const Payload& payload) {
  return payload.encoding() == Encoding::kJson ? read_seldon_json(payload)
                                               : read_seldon_proto(payload);
}

RequestTraits read_seldon_traits(const Payload& request) {
  if (request.encoding() == Encoding::kProto) return read_seldon_proto_traits(request.bytes());
  RequestTraits traits;
  const auto text = read_message(request.bytes());
  if (!text) return traits;
  traits.content = text->content;
  traits.kind = text->kind;
  traits.meta = kept_meta(text->meta);
  return traits;
}

}  // namespace infergraph::protocol
