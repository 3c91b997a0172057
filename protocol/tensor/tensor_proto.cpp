#include "protocol/tensor/tensor_proto.hpp"

#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "protocol/invalid.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/wire/fields.hpp"

namespace infergraph::protocol {

namespace {

using tensorflow::TensorProto;

Status too_large() { return {Code::kTooLarge, "the message is more than 2 GiB"}; }

// `count` elements of type T out of a field's values, each of which is `Parts` of them.
template <typename T, typename Values>
std::optional<std::string> packed(const Values& values, std::size_t count, std::size_t parts = 1) {
  const auto given = static_cast<std::size_t>(values.size());
  const std::size_t wanted = count * parts;
  if (given > wanted || given % parts != 0) return std::nullopt;
  std::string bytes(wanted * sizeof(T), '\0');
  for (std::size_t i = 0; i < wanted && given > 0; ++i) {
    const std::size_t from = i < given ? i : given - parts + i % parts;
    const T value = static_cast<T>(values.Get(static_cast<int>(from)));
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
  return bytes;
}

std::optional<std::string> values_of(const TensorProto& proto, DataType type, std::size_t count) {
  switch (type) {
    case DataType::kBool:
      return packed<std::uint8_t>(proto.bool_val(), count);
    case DataType::kUint8:
      return packed<std::uint8_t>(proto.int_val(), count);
    case DataType::kUint16:
      return packed<std::uint16_t>(proto.int_val(), count);
    case DataType::kUint32:
      return packed<std::uint32_t>(proto.uint32_val(), count);
    case DataType::kUint64:
      return packed<std::uint64_t>(proto.uint64_val(), count);
    case DataType::kInt8:
      return packed<std::int8_t>(proto.int_val(), count);
    case DataType::kInt16:
      return packed<std::int16_t>(proto.int_val(), count);
    case DataType::kInt32:
      return packed<std::int32_t>(proto.int_val(), count);
    case DataType::kInt64:
      return packed<std::int64_t>(proto.int64_val(), count);
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return packed<std::uint16_t>(proto.half_val(), count);
    case DataType::kFloat32:
      return packed<float>(proto.float_val(), count);
    case DataType::kFloat64:
      return packed<double>(proto.double_val(), count);
    case DataType::kComplex64:
      return packed<float>(proto.scomplex_val(), count, 2);
    case DataType::kComplex128:
      return packed<double>(proto.dcomplex_val(), count, 2);
    case DataType::kBytes:
    case DataType::kUnknown:
      break;
  }
  return std::nullopt;
}

// Strings in tensor_content: all lengths as varints, then all bytes.
bool read_string_content(Tensor& tensor, std::string_view content, std::size_t count) {
  if (count > content.size()) return false;
  // The first `count` bytes below 128 end the lengths.
  std::size_t at = 0;
  for (std::size_t ended = 0; ended < count; ++at) {
    if (at == content.size()) return false;
    if (static_cast<unsigned char>(content[at]) < 0x80) ++ended;
  }
  tensor.strings.reserve(count);
  std::size_t length_at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (shift > 56) return false;
      const auto byte = static_cast<unsigned char>(content[length_at++]);
      length |= static_cast<std::size_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) break;
    }
    if (content.size() - at < length) return false;
    tensor.strings.push_back(content.substr(at, length));
    at += length;
  }
  return at == content.size();
}

// How much `count` elements take; the largest number when that can't be said.
std::size_t size_of_all(std::size_t count, std::size_t element) {
  std::size_t size = 0;
  return __builtin_mul_overflow(count, element, &size) ? std::numeric_limits<std::size_t>::max()
                                                       : size;
}

bool read_strings(Message& message, Tensor& tensor, const TensorProto& proto, std::size_t count) {
  if (!proto.tensor_content().empty()) {
    return read_string_content(tensor, message.keep(proto.tensor_content()), count);
  }
  const auto given = static_cast<std::size_t>(proto.string_val_size());
  if (given > count) return false;
  tensor.strings.reserve(count);
  tensor.strings.assign(proto.string_val().begin(), proto.string_val().end());
  tensor.strings.resize(count, given == 0 ? std::string_view() : tensor.strings.back());
  return true;
}

template <typename T, typename Values>
void unpack(const Tensor& tensor, Values& values) {
  const std::size_t count = tensor.data.size() / sizeof(T);
  values.Reserve(static_cast<int>(count));
  for (std::size_t i = 0; i < count; ++i) {
    T value{};
    std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
    values.AddAlreadyReserved(value);
  }
}

// The same where the field holds just what the tensor does.
template <typename T, typename Values>
void copy(const Tensor& tensor, Values& values) {
  values.Resize(static_cast<int>(tensor.data.size() / sizeof(T)), T{});
  if (!tensor.data.empty()) {
    std::memcpy(values.mutable_data(), tensor.data.data(), tensor.data.size());
  }
}

void write_values(const Tensor& tensor, TensorProto& proto) {
  switch (tensor.type) {
    case DataType::kBool:
      return unpack<std::uint8_t>(tensor, *proto.mutable_bool_val());
    case DataType::kUint8:
      return unpack<std::uint8_t>(tensor, *proto.mutable_int_val());
    case DataType::kUint16:
      return unpack<std::uint16_t>(tensor, *proto.mutable_int_val());
    case DataType::kUint32:
      return copy<std::uint32_t>(tensor, *proto.mutable_uint32_val());
    case DataType::kUint64:
      return copy<std::uint64_t>(tensor, *proto.mutable_uint64_val());
    case DataType::kInt8:
      return unpack<std::int8_t>(tensor, *proto.mutable_int_val());
    case DataType::kInt16:
      return unpack<std::int16_t>(tensor, *proto.mutable_int_val());
    case DataType::kInt32:
      return copy<std::int32_t>(tensor, *proto.mutable_int_val());
    case DataType::kInt64:
      return copy<std::int64_t>(tensor, *proto.mutable_int64_val());
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return unpack<std::uint16_t>(tensor, *proto.mutable_half_val());
    case DataType::kFloat32:
      return copy<float>(tensor, *proto.mutable_float_val());
    case DataType::kFloat64:
      return copy<double>(tensor, *proto.mutable_double_val());
    case DataType::kComplex64:
      return copy<float>(tensor, *proto.mutable_scomplex_val());
    case DataType::kComplex128:
      return copy<double>(tensor, *proto.mutable_dcomplex_val());
    case DataType::kBytes:
      for (const std::string_view value : tensor.strings) proto.add_string_val(std::string(value));
      return;
    case DataType::kUnknown:
      return;
  }
}

/// The dtype's own field, where its packed values are the raw elements; 0 for others.
int raw_field(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return TensorProto::kFloatValFieldNumber;
    case DataType::kFloat64:
      return TensorProto::kDoubleValFieldNumber;
    case DataType::kBool:
      return TensorProto::kBoolValFieldNumber;
    case DataType::kComplex64:
      return TensorProto::kScomplexValFieldNumber;
    case DataType::kComplex128:
      return TensorProto::kDcomplexValFieldNumber;
    default:
      return 0;
  }
}

/// The one element of a constant as its field has it: in the packed list `field`, or, when that
/// becomes 0, with a tag of its own.
std::string one_element(const Tensor& constant, int& field) {
  TensorProto proto;
  write_values(constant, proto);
  const std::string wire = proto.SerializeAsString();
  std::string element;
  (void)for_each_field(wire, [&](const WireField& found) {
    field = constant.type == DataType::kBytes ? 0 : found.number;
    element = field == 0 ? found.whole : found.value;
    return true;
  });
  return element;
}

/// How many values the dtype's own field has.
int given_values(const TensorProto& proto, DataType type) {
  switch (type) {
    case DataType::kBool:
      return proto.bool_val_size();
    case DataType::kUint8:
    case DataType::kUint16:
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
      return proto.int_val_size();
    case DataType::kUint32:
      return proto.uint32_val_size();
    case DataType::kUint64:
      return proto.uint64_val_size();
    case DataType::kInt64:
      return proto.int64_val_size();
    case DataType::kFloat16:
    case DataType::kBfloat16:
      return proto.half_val_size();
    case DataType::kFloat32:
      return proto.float_val_size();
    case DataType::kFloat64:
      return proto.double_val_size();
    case DataType::kComplex64:
      return proto.scomplex_val_size() / 2;
    case DataType::kComplex128:
      return proto.dcomplex_val_size() / 2;
    case DataType::kBytes:
      return proto.string_val_size();
    case DataType::kUnknown:
      break;
  }
  return 0;
}

}  // namespace

Result<Tensor> read_tensor_proto(Message& message, const TensorProto& proto,
                                 const std::string& where) {
  const auto type = from_tensorflow_number(proto.dtype());
  if (!type) {
    const std::string& name = tensorflow::DataType_Name(proto.dtype());
    return invalid(where + ": the dtype " + (name.empty() ? std::to_string(proto.dtype()) : name) +
                   " has no counterpart");
  }
  Tensor tensor;
  tensor.type = *type;
  if (proto.tensor_shape().unknown_rank()) return invalid(where + ": the shape is unknown");
  for (const auto& dimension : proto.tensor_shape().dim()) {
    if (dimension.size() < 0) return invalid(where + ": a dimension is unknown");
    tensor.shape.push_back(dimension.size());
  }
  const std::size_t count = count_of(tensor.shape);
  const auto wrong_count = [&] {
    return invalid(where + ": the values are not as many as the shape says (" +
                   std::to_string(count) + ')');
  };
  if (!proto.tensor_content().empty() && *type != DataType::kBytes) {
    if (auto read = from_raw(message, tensor, message.keep(proto.tensor_content()), where); !read) {
      return read.error();
    }
    return tensor;
  }
  // A short field stands for a long one: its one value is all that is held, whatever the shape.
  const auto given = static_cast<std::size_t>(given_values(proto, *type));
  tensor.is_constant = given < 2 && count > 1 && proto.tensor_content().empty();
  if (tensor.is_constant) tensor.path = where;
  const std::size_t held = tensor.is_constant ? 1 : count;
  if (given < count) {
    const std::size_t element =
        *type == DataType::kBytes ? sizeof(std::string_view) : size_of(*type);
    // Elements that are all there take no more than what came, and are counted when they are kept.
    const auto fine =
        tensor.is_constant ? could_afford(count) : afford(size_of_all(count, element));
    if (!fine) return Status(fine.error().code(), where + ": " + fine.error().message());
  }
  if (*type == DataType::kBytes) {
    if (!read_strings(message, tensor, proto, held)) return wrong_count();
    return tensor;
  }
  auto bytes = values_of(proto, *type, held);
  if (!bytes) return wrong_count();
  tensor.data = message.keep(*std::move(bytes));
  return tensor;
}

Result<TensorWire> write_tensor_proto(Message& message, const Tensor& tensor) {
  if (!is_complete(tensor)) {
    return invalid("tensor \"" + tensor.name + "\" has not as many elements as its shape says");
  }
  TensorWire wire;
  TensorProto proto;
  proto.set_dtype(static_cast<tensorflow::DataType>(tensorflow_number(tensor.type)));
  auto& shape = *proto.mutable_tensor_shape();
  for (const std::int64_t dimension : tensor.shape) shape.add_dim()->set_size(dimension);
  const int raw = raw_field(tensor.type);
  if (tensor.data.size() > kMostWireBytes) return too_large();
  if (raw == 0 && !tensor.is_constant) {
    write_values(tensor, proto);
    wire.head = proto.SerializeAsString();
    return wire;
  }
  wire.head = proto.SerializeAsString();
  int packed_field = raw;
  if (tensor.is_constant) {
    auto elements = repeated(tensor, message.keep(one_element(tensor, packed_field)));
    if (!elements) return elements.error();
    wire.values = *elements;
  } else {
    wire.values.bytes = tensor.data;
  }
  if (wire.values.size() > kMostWireBytes) return too_large();
  if (packed_field != 0 && wire.values.size() > 0) {
    append_field_head(wire.head, packed_field, wire.values.size());
  }
  return wire;
}

}  // namespace infergraph::protocol
