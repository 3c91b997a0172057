// The neutral form to SeldonMessage.
#include <cstring>
#include <utility>

#include "protocol/base64.hpp"
#include "protocol/codec/elements.hpp"
#include "protocol/codec/parse.hpp"
#include "protocol/codec/proto_json.hpp"
#include "protocol/codec/seldon_codec.hpp"
#include "protocol/codec/tensor_proto.hpp"
#include "protocol/codec/wire_writer.hpp"
#include "protocol/json.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {

namespace {

using seldon::protos::SeldonMessage;

// Numbers of fields. Source: contract/protos.md §1.
constexpr int kMeta = 2;
constexpr int kData = 3;
constexpr int kNames = 1;
constexpr int kTensor = 2;
constexpr int kNdarray = 3;
constexpr int kTftensor = 4;
constexpr int kShape = 1;
constexpr int kValues = 2;

Status invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

// In which member of `data` a tensor goes: only some hold what is no number.
DataKind kind_for(const Tensor& tensor, DataKind asked) {
  if (asked == DataKind::kTftensor) return asked;
  const bool numbers =
      tensor.type == DataType::kUnknown || is_integer(tensor.type) || is_float(tensor.type);
  return asked == DataKind::kTensor && numbers ? DataKind::kTensor : DataKind::kNdarray;
}

// A scalar is a list of one.
void give_rank(Tensor& tensor) {
  if (tensor.shape.empty()) tensor.shape = {1};
}

std::vector<std::string> names_of(const Message& message, const Tensor& tensor) {
  if (tensor.shape.size() < 2) return {};
  const auto columns = static_cast<std::size_t>(tensor.shape.back());
  if (message.columns.size() == columns) return message.columns;
  std::vector<std::string> names;
  // A row without elements may claim any number of them.
  if (tensor.shape.size() != 2 || count_of(tensor.shape) == 0) return names;
  names.reserve(columns);
  for (std::size_t i = 0; i < columns; ++i) names.push_back("t:" + std::to_string(i));
  return names;
}

// What strData or binData asked, an answer of one string is.
const std::string_view* only_string(const Message& message, const RequestTraits& traits) {
  const bool asked = traits.content == Content::kStrData || traits.content == Content::kBinData;
  if (!asked || message.content != Content::kData || message.tensors.size() != 1) return nullptr;
  const Tensor& tensor = message.tensors.front();
  if (tensor.type != DataType::kBytes || tensor.strings.size() != 1) return nullptr;
  return &tensor.strings.front();
}

void append_names(std::string& out, const std::vector<std::string>& names) {
  out += "\"names\":[";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ',';
    json::append_string(out, names[i]);
  }
  out += ']';
}

Result<void> append_tensor(std::string& out, const Tensor& tensor) {
  out += "\"tensor\":{\"shape\":[";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (i > 0) out += ',';
    out += std::to_string(tensor.shape[i]);
  }
  out += "],\"values\":";
  JsonStyle style;
  style.quote_non_finite = true;
  // Its values are doubles, so what a double can't hold has no place there.
  if (tensor.type == DataType::kInt64 || tensor.type == DataType::kUint64 || tensor.is_whole) {
    if (const auto exact = to_doubles(tensor); !exact) return exact.error();
  }
  auto appended = append_flat(out, tensor, style);
  out += '}';
  return appended;
}

Result<void> append_tftensor(std::string& out, Message& message, const Tensor& tensor) {
  auto typed = with_guessed_type(message, tensor, DataType::kFloat64);
  if (!typed) return typed.error();
  tensorflow::TensorProto proto;
  if (auto made = write_tensor_proto(*typed, proto); !made) return made;
  const auto json =
      proto_to_json(proto.SerializeAsString(), *tensorflow::TensorProto::descriptor());
  if (!json) return json.error();
  out.append("\"tftensor\":").append(*json);
  return {};
}

Result<void> append_data(std::string& out, Message& message, DataKind asked) {
  Tensor& tensor = message.tensors.front();
  const DataKind kind = kind_for(tensor, asked);
  if (kind != DataKind::kTftensor) give_rank(tensor);
  out.reserve(tensor.data.size() * 2 + 256);
  out += "\"data\":{";
  append_names(out, names_of(message, tensor));
  out += ',';
  Result<void> appended = {};
  if (kind == DataKind::kTensor) {
    appended = append_tensor(out, tensor);
  } else if (kind == DataKind::kTftensor) {
    appended = append_tftensor(out, message, tensor);
  } else {
    out += "\"ndarray\":";
    appended = append_nested(out, tensor, {});
  }
  out += '}';
  return appended;
}

// {name: values}, as the proxy gives the outputs of a model that has several.
Result<std::string> named_values(const Message& message) {
  std::string out = "{";
  for (const Tensor& tensor : message.tensors) {
    if (out.size() > 1) out += ',';
    json::append_string(out, tensor.name);
    out += ':';
    if (auto appended = append_nested(out, tensor, {}); !appended) return appended.error();
  }
  return out + '}';
}

Result<void> append_content(std::string& out, Message& message, const RequestTraits& traits) {
  if (const auto* text = only_string(message, traits)) {
    if (traits.content == Content::kStrData && json::is_utf8(*text)) {
      out += "\"strData\":";
      json::append_string(out, *text);
    } else {
      out += "\"binData\":\"";
      append_base64(out, *text);
      out += '"';
    }
    return {};
  }
  switch (message.content) {
    case Content::kStrData:
      out += "\"strData\":";
      json::append_string(out, message.value);
      return {};
    case Content::kBinData:
      out += "\"binData\":\"";
      append_base64(out, message.value);
      out += '"';
      return {};
    case Content::kJsonData:
      out.append("\"jsonData\":").append(message.value);
      return {};
    case Content::kCustomData: {
      const auto json = proto_to_json(message.value, *google::protobuf::Any::descriptor());
      if (!json) return json.error();
      out.append("\"customData\":").append(*json);
      return {};
    }
    case Content::kNone:
      return {};
    case Content::kData:
      break;
  }
  if (message.tensors.size() == 1) return append_data(out, message, traits.kind);
  const auto values = named_values(message);
  if (!values) return values.error();
  out.append("\"jsonData\":").append(*values);
  return {};
}

// Nested lists of google.protobuf.Value, without recursion.
class ListWriter {
 public:
  ListWriter(WireWriter& writer, const Tensor& tensor) : writer_(writer), tensor_(tensor) {}

  Result<void> write() {
    if (tensor_.type != DataType::kBytes && tensor_.type != DataType::kBool) {
      auto numbers = to_doubles(tensor_);
      if (!numbers) return numbers.error();
      numbers_ = *std::move(numbers);
    }
    const auto& shape = tensor_.shape;
    // Deeper lists than a parser of protobuf reads.
    if (shape.size() > kMostLists) return invalid("an ndarray of so many dimensions can't be sent");
    if (has_too_many_empty_lists(shape)) {
      return invalid("an ndarray without elements has too many empty lists");
    }
    std::vector<std::int64_t> at = {0};
    writer_.open(kNdarray);
    while (!at.empty()) {
      const std::size_t depth = at.size() - 1;
      if (at[depth]++ == shape[depth]) {
        at.pop_back();
        writer_.close();
        if (!at.empty()) writer_.close();
        continue;
      }
      writer_.open(kItem);
      if (depth + 1 < shape.size()) {
        writer_.open(kListValue);
        at.push_back(0);
        continue;
      }
      if (!write_element()) return invalid("an element is not UTF-8, so it is no string");
      writer_.close();
    }
    return {};
  }

 private:
  static constexpr std::size_t kMostLists = 45;
  static constexpr int kItem = 1;
  static constexpr int kNumberValue = 2;
  static constexpr int kStringValue = 3;
  static constexpr int kBoolValue = 4;
  static constexpr int kListValue = 6;

  bool write_element() {
    const std::size_t i = at_++;
    if (tensor_.type == DataType::kBytes) {
      writer_.field(kStringValue, tensor_.strings[i]);
      return json::is_utf8(tensor_.strings[i]);
    }
    if (tensor_.type == DataType::kBool) {
      writer_.tag(kBoolValue, WireWriter::kVarint);
      writer_.varint(tensor_.data[i] != 0 ? 1 : 0);
      return true;
    }
    writer_.tag(kNumberValue, WireWriter::kFixed64);
    writer_.fixed64(std::bit_cast<std::uint64_t>(numbers_[i]));
    return true;
  }

  WireWriter& writer_;
  const Tensor& tensor_;
  std::vector<double> numbers_;
  std::size_t at_ = 0;
};

Result<void> write_numbers(WireWriter& writer, const Tensor& tensor) {
  const auto numbers = to_doubles(tensor);
  if (!numbers) return numbers.error();
  writer.open(kTensor);
  writer.open(kShape);
  for (const std::int64_t length : tensor.shape) {
    if (length > std::numeric_limits<std::int32_t>::max())
      return invalid("a dimension is too large");
    writer.varint(static_cast<std::uint64_t>(length));
  }
  writer.close_packed();
  writer.field(kValues,
               {reinterpret_cast<const char*>(numbers->data()), numbers->size() * sizeof(double)});
  writer.close();
  return {};
}

Result<void> write_data(WireWriter& writer, Message& message, DataKind asked) {
  Tensor& tensor = message.tensors.front();
  const DataKind kind = kind_for(tensor, asked);
  if (kind != DataKind::kTftensor) give_rank(tensor);
  writer.open(kData);
  for (const std::string& name : names_of(message, tensor)) writer.field(kNames, name);
  Result<void> written = {};
  if (kind == DataKind::kTensor) {
    written = write_numbers(writer, tensor);
  } else if (kind == DataKind::kNdarray) {
    written = ListWriter(writer, tensor).write();
  } else {
    auto typed = with_guessed_type(message, tensor, DataType::kFloat64);
    if (!typed) return typed.error();
    tensorflow::TensorProto proto;
    if (auto made = write_tensor_proto(*typed, proto); !made) return made;
    writer.field(kTftensor, proto.SerializeAsString());
  }
  if (!written) return written;
  writer.close();
  return {};
}

}  // namespace

Result<Payload> write_seldon_json(Message& message, const RequestTraits& traits) {
  std::string out = "{";
  if (auto appended = append_content(out, message, traits); !appended) return appended.error();
  if (out.size() > 1) out += ',';
  out.append("\"meta\":").append(traits.meta) += '}';
  return Payload::json(std::move(out));
}

Result<Payload> write_seldon_proto(Message& message, const RequestTraits& traits) {
  const bool is_tensor = message.content == Content::kData && message.tensors.size() == 1 &&
                         only_string(message, traits) == nullptr;
  if (!is_tensor) {
    // Small messages, and values that are JSON anyway, whose numbers become doubles.
    for (const Tensor& tensor : message.tensors) {
      if (tensor.type != DataType::kInt64 && tensor.type != DataType::kUint64) continue;
      if (const auto exact = to_doubles(tensor); !exact) return exact.error();
    }
    const auto json = write_seldon_json(message, traits);
    if (!json) return json.error();
    auto wire = json_to_proto(json->bytes(), *SeldonMessage::descriptor());
    if (!wire) return invalid(wire.error().message());
    return Payload::proto(*std::move(wire));
  }
  const auto meta = json_to_proto(traits.meta, *seldon::protos::Meta::descriptor());
  if (!meta) return invalid("meta: " + meta.error().message());
  WireWriter writer(message.tensors.front().data.size() * 2 + 256);
  writer.field(kMeta, *meta);
  if (auto written = write_data(writer, message, traits.kind); !written) return written.error();
  auto wire = std::move(writer).finish();
  if (!wire) return Status(Code::kTooLarge, "a message of more than 2 GiB");
  return Payload::proto(*std::move(wire));
}

}  // namespace infergraph::protocol
