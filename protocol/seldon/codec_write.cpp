// The neutral form to SeldonMessage.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/json/proto_json.hpp"
#include "protocol/seldon/codec.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensor/tensor_proto.hpp"
#include "protocol/wire/parse.hpp"
#include "protocol/wire/writer.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {

namespace {

using google::protobuf::Value;
using seldon::protos::DefaultData;
using seldon::protos::SeldonMessage;

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

// Calls `add` with the name of each column, of which there may be as many as elements; false of it
// is the end.
template <typename Add>
void for_each_name(const Message& message, const Tensor& tensor, Add add) {
  if (tensor.shape.size() < 2) return;
  const auto columns = static_cast<std::size_t>(tensor.shape.back());
  if (message.columns.size() == columns) {
    (void)std::all_of(message.columns.begin(), message.columns.end(), add);
    return;
  }
  // A row without elements may claim any number of them.
  if (tensor.shape.size() != 2 || count_of(tensor.shape) == 0) return;
  for (std::size_t i = 0; i < columns && add("t:" + std::to_string(i)); ++i) {
  }
}

// What strData or binData asked, an answer of one string is.
const std::string_view* only_string(const Message& message, const RequestTraits& traits) {
  const bool asked = traits.content == Content::kStrData || traits.content == Content::kBinData;
  if (!asked || message.content != Content::kData || message.tensors.size() != 1) return nullptr;
  const Tensor& tensor = message.tensors.front();
  if (tensor.type != DataType::kBytes || tensor.strings.size() != 1 || tensor.is_constant) {
    return nullptr;
  }
  return &tensor.strings.front();
}

Result<void> append_names(std::string& out, const Message& message, const Tensor& tensor) {
  Slices slices(out.size());
  Result<void> fine = {};
  out += "\"names\":[";
  for_each_name(message, tensor, [&](const std::string& name) {
    if (out.back() != '[') out += ',';
    json::append_string(out, name);
    if (slices.is_due(out.size())) fine = slices.pay(out.size());
    return fine.has_value();
  });
  out += ']';
  return fine;
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
  const auto made = write_tensor_proto(message, *typed);
  if (!made) return made.error();
  std::string wire;
  wire.reserve(made->size());
  made->append_to(wire);
  const auto json = proto_to_json(wire, *tensorflow::TensorProto::descriptor());
  if (!json) return json.error();
  out.append("\"tftensor\":").append(*json);
  return {};
}

Result<void> append_data(std::string& out, Message& message, DataKind asked) {
  Tensor& tensor = message.tensors.front();
  const DataKind kind = kind_for(tensor, asked);
  if (kind != DataKind::kTftensor) give_rank(tensor);
  if (tensor.is_constant) {
    if (auto fine = could_repeat(tensor, 1); !fine) return fine;
  }
  out.reserve(tensor.data.size() * 2 + 256);
  out += "\"data\":{";
  if (auto named = append_names(out, message, tensor); !named) {
    return about(tensor, named.error());
  }
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
    if (traits.content == Content::kStrData && is_utf8(*text)) {
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
    if (auto fine = can_be_nested(tensor_); !fine) return fine;
    constexpr std::size_t kElement = 4;  // of a boolean; all others are longer
    if (auto fine = could_repeat(tensor_, kElement); !fine) return fine;
    Slices slices(writer_.bytes().size());
    std::vector<std::int64_t> at = {0};
    writer_.open(DefaultData::kNdarrayFieldNumber);
    while (!at.empty()) {
      const std::size_t depth = at.size() - 1;
      if (slices.is_due(writer_.bytes().size())) {
        auto paid = slices.pay(writer_.bytes().size());
        if (!paid) return about(tensor_, paid.error());
      }
      if (at[depth]++ == shape[depth]) {
        at.pop_back();
        writer_.close();
        if (!at.empty()) writer_.close();
        continue;
      }
      if (depth + 1 < shape.size()) {
        writer_.open(google::protobuf::ListValue::kValuesFieldNumber);
        writer_.open(Value::kListValueFieldNumber);
        at.push_back(0);
        continue;
      }
      if (!write_element()) return invalid("an element is not UTF-8, so it is no string");
    }
    return {};
  }

 private:
  static constexpr std::size_t kMostLists = 45;

  // Its length is known, so no hole is left for it.
  bool write_element() {
    const std::size_t i = at_;
    if (!tensor_.is_constant) ++at_;
    writer_.tag(google::protobuf::ListValue::kValuesFieldNumber, WireWriter::kLengthDelimited);
    if (tensor_.type == DataType::kBytes) {
      const std::string_view text = tensor_.strings[i];
      writer_.varint(1 + WireWriter::CodedOutputStream::VarintSize64(text.size()) + text.size());
      writer_.field(Value::kStringValueFieldNumber, text);
      return is_utf8(text);
    }
    if (tensor_.type == DataType::kBool) {
      writer_.varint(2);
      writer_.tag(Value::kBoolValueFieldNumber, WireWriter::kVarint);
      writer_.varint(tensor_.data[i] != 0 ? 1 : 0);
      return true;
    }
    writer_.varint(1 + sizeof(double));
    writer_.tag(Value::kNumberValueFieldNumber, WireWriter::kFixed64);
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
  writer.open(DefaultData::kTensorFieldNumber);
  writer.open(seldon::protos::Tensor::kShapeFieldNumber);
  for (const std::int64_t length : tensor.shape) {
    if (length > std::numeric_limits<std::int32_t>::max())
      return invalid("a dimension is too large");
    writer.varint(static_cast<std::uint64_t>(length));
  }
  writer.close_packed();
  const std::string_view bytes(reinterpret_cast<const char*>(numbers->data()),
                               numbers->size() * sizeof(double));
  RawElements values{bytes};
  if (tensor.is_constant) {
    const auto all = repeated(tensor, bytes);
    if (!all) return all.error();
    values = *all;
  }
  writer.tag(seldon::protos::Tensor::kValuesFieldNumber, WireWriter::kLengthDelimited);
  writer.varint(values.size());
  values.append_to(writer.bytes());
  writer.close();
  return {};
}

Result<void> write_data(WireWriter& writer, Message& message, DataKind asked) {
  Tensor& tensor = message.tensors.front();
  const DataKind kind = kind_for(tensor, asked);
  if (kind != DataKind::kTftensor) give_rank(tensor);
  writer.open(SeldonMessage::kDataFieldNumber);
  if (tensor.is_constant) {
    if (auto fine = could_repeat(tensor, 1); !fine) return fine;
  }
  Slices slices(writer.bytes().size());
  Result<void> named = {};
  for_each_name(message, tensor, [&](const std::string& name) {
    writer.field(DefaultData::kNamesFieldNumber, name);
    if (slices.is_due(writer.bytes().size())) named = slices.pay(writer.bytes().size());
    return named.has_value();
  });
  if (!named) return about(tensor, named.error());
  Result<void> written = {};
  if (kind == DataKind::kTensor) {
    written = write_numbers(writer, tensor);
  } else if (kind == DataKind::kNdarray) {
    written = ListWriter(writer, tensor).write();
  } else {
    auto typed = with_guessed_type(message, tensor, DataType::kFloat64);
    if (!typed) return typed.error();
    const auto made = write_tensor_proto(message, *typed);
    if (!made) return made.error();
    writer.tag(DefaultData::kTftensorFieldNumber, WireWriter::kLengthDelimited);
    writer.varint(made->size());
    made->append_to(writer.bytes());
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
  writer.field(SeldonMessage::kMetaFieldNumber, *meta);
  if (auto written = write_data(writer, message, traits.kind); !written) return written.error();
  auto wire = std::move(writer).finish();
  if (!wire) return Status(Code::kTooLarge, "a message of more than 2 GiB");
  return Payload::proto(*std::move(wire));
}

}  // namespace infergraph::protocol
