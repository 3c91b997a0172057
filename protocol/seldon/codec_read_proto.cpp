// SeldonMessage on the wire to the neutral form.
#include <google/protobuf/arena.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "protocol/invalid.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/seldon/reader.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensor/tensor_proto.hpp"
#include "protocol/wire/parse.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {

namespace {

using google::protobuf::ListValue;
using google::protobuf::Value;
using seldon::protos::SeldonMessage;

constexpr const char* kNdarray = "data.ndarray";
constexpr const char* kTftensor = "data.tftensor";

// Nested lists on the wire, which protobuf's parser keeps from being deep.
class ListReader {
 public:
  Result<Tensor> read(Message& message, const ListValue& list) {
    if (auto wrong = walk(list, 0, kNdarray)) return *std::move(wrong);
    for (std::int64_t& length : tensor_.shape) length = std::max<std::int64_t>(length, 0);
    if (has_strings_) {
      tensor_.type = DataType::kBytes;
    } else if (has_bools_) {
      tensor_.type = DataType::kBool;
      tensor_.data = message.keep(std::move(bytes_));
    } else {
      tensor_.type = DataType::kFloat64;
      tensor_.is_soft = true;
      tensor_.data = message.keep(std::move(bytes_));
    }
    return std::move(tensor_);
  }

 private:
  std::optional<Status> walk(const ListValue& list, std::size_t depth, const std::string& path) {
    if (depth == tensor_.shape.size()) {
      if (has_elements()) return invalid(path + ": expected an element but found a list");
      tensor_.shape.push_back(-1);
    }
    std::int64_t& known = tensor_.shape[depth];
    if (known == -1) known = list.values_size();
    if (known != list.values_size()) {
      return invalid(path + ": expected " + std::to_string(known) + " values but found " +
                     std::to_string(list.values_size()));
    }
    for (int i = 0; i < list.values_size(); ++i) {
      const Value& value = list.values(i);
      const auto where = [&] { return path + '[' + std::to_string(i) + ']'; };
      if (value.kind_case() == Value::kListValue) {
        if (auto wrong = walk(value.list_value(), depth + 1, where())) return wrong;
      } else if (depth + 1 != tensor_.shape.size()) {
        return invalid(where() + ": expected a list");
      } else if (!add(value)) {
        return invalid(where() + ": expected a number, a boolean or a string as all others are");
      }
    }
    return std::nullopt;
  }

  bool has_elements() const { return has_strings_ || has_bools_ || has_numbers_; }

  bool add(const Value& value) {
    switch (value.kind_case()) {
      case Value::kNumberValue: {
        const double number = value.number_value();
        bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
        has_numbers_ = true;
        break;
      }
      case Value::kBoolValue:
        bytes_ += value.bool_value() ? '\1' : '\0';
        has_bools_ = true;
        break;
      case Value::kStringValue:
        tensor_.strings.emplace_back(value.string_value());  // which the message keeps
        has_strings_ = true;
        break;
      default:
        return false;
    }
    return int{has_numbers_} + int{has_bools_} + int{has_strings_} == 1;
  }

  Tensor tensor_;
  std::string bytes_;
  bool has_numbers_ = false;
  bool has_bools_ = false;
  bool has_strings_ = false;
};

Result<Tensor> read_proto_tensor(Message& message, const seldon::protos::Tensor& proto) {
  Tensor tensor;
  tensor.type = DataType::kFloat64;
  tensor.is_soft = true;
  for (const std::int32_t length : proto.shape()) {
    if (length < 0) return invalid("data.tensor.shape: a dimension is less than 0");
    tensor.shape.push_back(length);
  }
  if (proto.shape().empty()) tensor.shape.push_back(proto.values_size());
  if (count_of(tensor.shape) != static_cast<std::size_t>(proto.values_size())) {
    return invalid("data.tensor.values: expected " + std::to_string(count_of(tensor.shape)) +
                   " values but found " + std::to_string(proto.values_size()));
  }
  std::string bytes(static_cast<std::size_t>(proto.values_size()) * sizeof(double), '\0');
  if (!bytes.empty()) std::memcpy(bytes.data(), proto.values().data(), bytes.size());
  tensor.data = message.keep(std::move(bytes));
  return tensor;
}

std::string meta_of(const SeldonMessage& message) {
  if (!message.has_meta()) return "{}";
  const auto json =
      proto_to_json(message.meta().SerializeAsString(), *seldon::protos::Meta::descriptor());
  return json ? kept_meta(*json) : "{}";
}

Content content_of(const SeldonMessage& message) {
  switch (message.data_oneof_case()) {
    case SeldonMessage::kData:
      return Content::kData;
    case SeldonMessage::kStrData:
      return Content::kStrData;
    case SeldonMessage::kBinData:
      return Content::kBinData;
    case SeldonMessage::kJsonData:
      return Content::kJsonData;
    case SeldonMessage::kCustomData:
      return Content::kCustomData;
    case SeldonMessage::DATA_ONEOF_NOT_SET:
      break;
  }
  return Content::kNone;
}

DataKind kind_of(const seldon::protos::DefaultData& data) {
  using seldon::protos::DefaultData;
  switch (data.data_oneof_case()) {
    case DefaultData::kTensor:
      return DataKind::kTensor;
    case DefaultData::kNdarray:
      return DataKind::kNdarray;
    case DefaultData::kTftensor:
      return DataKind::kTftensor;
    case DefaultData::DATA_ONEOF_NOT_SET:
      break;
  }
  return DataKind::kNone;
}

Result<Tensor> read_data(Message& message, const seldon::protos::DefaultData& data) {
  switch (message.traits.kind) {
    case DataKind::kTensor:
      return read_proto_tensor(message, data.tensor());
    case DataKind::kNdarray:
      return ListReader().read(message, data.ndarray());
    case DataKind::kTftensor:
      return read_tensor_proto(message, data.tftensor(), kTftensor);
    case DataKind::kNone:
      break;
  }
  return invalid("data: expected tensor, ndarray or tftensor");
}

}  // namespace

Result<Message> read_seldon_proto(const Payload& payload) {
  const auto arena = std::make_shared<google::protobuf::Arena>();
  auto& proto = *google::protobuf::Arena::CreateMessage<SeldonMessage>(arena.get());
  if (!parse(payload.bytes(), proto)) return invalid("not a SeldonMessage");
  Message message;
  message.source = payload;
  message.content = content_of(proto);
  message.traits.content = message.content;
  message.traits.kind = kind_of(proto.data());
  message.traits.meta = meta_of(proto);
  switch (message.content) {
    case Content::kNone:
      return message;
    case Content::kStrData:
      message.value = proto.strdata();
      message.parsed.push_back(arena);
      return message;
    case Content::kBinData:
      message.value = proto.bindata();
      message.parsed.push_back(arena);
      return message;
    case Content::kJsonData: {
      auto json = proto_to_json(proto.jsondata().SerializeAsString(), *Value::descriptor());
      if (!json) return json.error();
      message.value = message.keep(*std::move(json));
      return message;
    }
    case Content::kCustomData:
      message.value = message.keep(proto.customdata().SerializeAsString());
      return message;
    case Content::kData:
      break;
  }
  const auto& data = proto.data();
  message.columns.assign(data.names().begin(), data.names().end());
  auto tensor = read_data(message, data);
  // Strings stay where the parser put them.
  if (tensor && tensor->type == DataType::kBytes) message.parsed.push_back(arena);
  return with_tensor(message, std::move(tensor));
}

RequestTraits read_seldon_proto_traits(std::string_view wire) {
  RequestTraits traits;
  SeldonMessage proto;
  if (!parse(wire, proto)) return traits;
  traits.content = content_of(proto);
  traits.kind = kind_of(proto.data());
  traits.meta = meta_of(proto);
  return traits;
}

}  // namespace infergraph::protocol
