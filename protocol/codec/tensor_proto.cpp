#include "protocol/codec/tensor_proto.hpp"

#include <cstring>
#include <optional>
#include <utility>

#include "protocol/codec/elements.hpp"

namespace infergraph::protocol {

namespace {

using tensorflow::TensorProto;

// A constant tensor is one value and a shape; no message may blow up to more than a large body.
constexpr std::size_t kMostFilled = std::size_t{128} << 20U;

Status invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

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
  std::vector<std::size_t> lengths;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (at == content.size() || shift > 56) return false;
      const auto byte = static_cast<unsigned char>(content[at++]);
      length |= static_cast<std::size_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) break;
    }
    lengths.push_back(length);
  }
  for (const std::size_t length : lengths) {
    if (content.size() - at < length) return false;
    tensor.strings.push_back(content.substr(at, length));
    at += length;
  }
  return at == content.size();
}

bool read_strings(Message& message, Tensor& tensor, const TensorProto& proto, std::size_t count) {
  if (!proto.tensor_content().empty()) {
    return read_string_content(tensor, message.keep(proto.tensor_content()), count);
  }
  const auto given = static_cast<std::size_t>(proto.string_val_size());
  if (given > count) return false;
  tensor.strings.reserve(count);
  for (const std::string& value : proto.string_val()) {
    tensor.strings.push_back(message.keep(value));
  }
  const std::string_view last = given == 0 ? std::string_view() : tensor.strings.back();
  tensor.strings.resize(count, last);
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
  const std::size_t width = *type == DataType::kBytes ? sizeof(std::string_view) : size_of(*type);
  if (*type == DataType::kBytes || proto.tensor_content().empty()) {
    if (count > kMostFilled / width) return invalid(where + ": the shape is too large");
  }
  if (*type == DataType::kBytes) {
    if (!read_strings(message, tensor, proto, count)) return wrong_count();
    return tensor;
  }
  if (!proto.tensor_content().empty()) {
    if (auto read = from_raw(message, tensor, message.keep(proto.tensor_content()), where); !read) {
      return read.error();
    }
    return tensor;
  }
  auto bytes = values_of(proto, *type, count);
  if (!bytes) return wrong_count();
  tensor.data = message.keep(*std::move(bytes));
  return tensor;
}

Result<void> write_tensor_proto(const Tensor& tensor, TensorProto& proto) {
  const std::size_t count = count_of(tensor.shape);
  const bool complete =
      tensor.type == DataType::kBytes
          ? tensor.strings.size() == count
          : size_of(tensor.type) > 0 && tensor.data.size() / size_of(tensor.type) == count;
  if (!complete) {
    return invalid("tensor \"" + tensor.name + "\" has not as many elements as its shape says");
  }
  proto.set_dtype(static_cast<tensorflow::DataType>(tensorflow_number(tensor.type)));
  auto& shape = *proto.mutable_tensor_shape();
  for (const std::int64_t dimension : tensor.shape) shape.add_dim()->set_size(dimension);
  write_values(tensor, proto);
  return {};
}

}  // namespace infergraph::protocol
