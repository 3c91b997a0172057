// From number tokens to elements of a type, and to doubles.
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "protocol/json/json.hpp"
#include "protocol/json/number.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

// Every whole number of so many characters is a double.
constexpr std::size_t kAlwaysExact = 15;

std::string index_text(const Tensor& tensor, std::size_t index) {
  std::vector<std::size_t> indices(tensor.shape.size());
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    const auto length = static_cast<std::size_t>(tensor.shape[i]);
    if (length == 0) break;
    indices[i] = index % length;
    index /= length;
  }
  std::string text = tensor.path.empty() ? tensor.name : tensor.path;
  for (const std::size_t i : indices) text += '[' + std::to_string(i) + ']';
  return text;
}

Status cannot_be(const Tensor& tensor, std::size_t index, std::string_view token, DataType type) {
  const std::string_view name = tensorflow_name(type).substr(3);
  return {Code::kInvalidArgument, index_text(tensor, index) + ": " + json::excerpt(token) +
                                      " is not of type " + std::string(name)};
}

template <typename T>
bool read_as(std::string_view token, T& value) {
  if constexpr (sizeof(T) < sizeof(std::int32_t)) {
    std::int32_t wide = 0;
    if (!read_as(token, wide)) return false;
    value = static_cast<T>(wide);
    return value == wide;
  } else {
    return read_number(json::Kind::kNumber, token, value) == NumberFault::kNone;
  }
}

template <typename T, typename Read>
Result<Tensor> packed(Message& message, Tensor tensor, DataType type, Read read) {
  std::string bytes;
  // No more than the text can hold: a shape may claim anything.
  bytes.reserve(std::min(count_of(tensor.shape), tensor.data.size()) * sizeof(T));
  Tokens tokens(tensor.data);
  Pauses pauses;
  std::size_t index = 0;
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next(), ++index) {
    T value{};
    if (!read(token, value)) return cannot_be(tensor, index, token, type);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    if (!pauses.may_pass(bytes.size())) return stopped();
  }
  tensor.type = type;
  tensor.data = message.keep(std::move(bytes));
  return tensor;
}

template <typename T>
Result<Tensor> packed(Message& message, Tensor tensor, DataType type) {
  return packed<T>(message, std::move(tensor), type,
                   [](std::string_view token, T& value) { return read_as(token, value); });
}

bool read_bool(std::string_view token, std::uint8_t& value) {
  value = token == "1" ? 1 : 0;
  return token == "0" || token == "1";
}

template <std::uint16_t (*kPack)(double)>
bool read_half(std::string_view token, std::uint16_t& value) {
  double wide = 0;
  if (!read_as(token, wide)) return false;
  value = kPack(wide);
  // A number beyond the type is no infinity.
  return kPack(std::numeric_limits<double>::infinity()) != (value & 0x7fff) || wide - wide != 0;
}

// Whether a token, if it is a whole number, is one of `type`.
bool holds(std::string_view token, DataType type) {
  if (type == DataType::kFloat64 && token.size() <= kAlwaysExact) return true;
  const bool whole = token.find_first_not_of("-0123456789") == std::string_view::npos;
  if (!whole) return type == DataType::kFloat64;
  std::uint64_t natural = 0;
  std::int64_t integer = 0;
  double real = 0;
  if (type == DataType::kInt64) return read_as(token, integer);
  if (type == DataType::kUint64) return read_as(token, natural);
  if (!read_as(token, real)) return false;
  // Compared as integers: 2^63 and 2^64 are doubles that no integer is.
  if (read_as(token, integer)) return real < 0x1p63 && static_cast<std::int64_t>(real) == integer;
  if (read_as(token, natural)) return real < 0x1p64 && static_cast<std::uint64_t>(real) == natural;
  return false;
}

bool holds_all(const Tensor& tensor, DataType type) {
  Tokens tokens(tensor.data);
  Pauses pauses;
  std::size_t index = 0;
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    if (!holds(token, type)) return false;
    if (!pauses.may_pass(index += sizeof(double))) return false;
  }
  return true;
}

template <typename T>
std::vector<double> widened(const Tensor& tensor) {
  std::vector<double> made(tensor.data.size() / sizeof(T));
  for (std::size_t i = 0; i < made.size(); ++i) {
    T value{};
    std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
    made[i] = static_cast<double>(value);
  }
  return made;
}

template <typename T>
Result<std::vector<double>> exactly_widened(const Tensor& tensor, double beyond) {
  std::vector<double> made = widened<T>(tensor);
  for (std::size_t i = 0; i < made.size(); ++i) {
    T value{};
    std::memcpy(&value, tensor.data.data() + i * sizeof value, sizeof value);
    if (made[i] >= beyond || static_cast<T>(made[i]) != value) {
      return cannot_be(tensor, i, std::to_string(value), DataType::kFloat64);
    }
  }
  return made;
}

template <double (*kUnpack)(std::uint16_t)>
std::vector<double> unpacked(const Tensor& tensor) {
  std::vector<double> made(tensor.data.size() / sizeof(std::uint16_t));
  for (std::size_t i = 0; i < made.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, tensor.data.data() + i * sizeof bits, sizeof bits);
    made[i] = kUnpack(bits);
  }
  return made;
}

Result<std::vector<double>> parsed(const Tensor& tensor) {
  std::vector<double> made;
  made.reserve(tensor.data.size() / 8);
  Tokens tokens(tensor.data);
  Pauses pauses;
  for (std::string_view token = tokens.next(); !token.empty(); token = tokens.next()) {
    double value = 0;
    if (!holds(token, DataType::kFloat64) || !read_as(token, value)) {
      return cannot_be(tensor, made.size(), token, DataType::kFloat64);
    }
    made.push_back(value);
    if (!pauses.may_pass(made.size() * sizeof value)) return stopped();
  }
  return made;
}

// Soft doubles as `T`: rounded for reals, exact for integers.
template <typename T, typename Convert>
Result<Tensor> converted(Message& message, Tensor tensor, DataType type, Convert convert) {
  const std::vector<double> values = widened<double>(tensor);
  std::string bytes(values.size() * sizeof(T), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value{};
    if (!convert(values[i], value)) {
      std::string text;
      json::append_double(text, values[i]);
      return cannot_be(tensor, i, text, type);
    }
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
  tensor.type = type;
  tensor.is_soft = false;
  tensor.data = message.keep(std::move(bytes));
  return tensor;
}

template <typename T>
bool to_integer(double value, T& integer) {
  // The bounds as doubles: the upper one is the first number beyond.
  constexpr double kLeast = static_cast<double>(std::numeric_limits<T>::min());
  const double beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (!(value >= kLeast && value < beyond) || value != std::trunc(value)) return false;
  integer = static_cast<T>(value);
  return true;
}

template <typename T>
Result<Tensor> to_integers(Message& message, Tensor tensor, DataType type) {
  return converted<T>(message, std::move(tensor), type, to_integer<T>);
}

Result<Tensor> hardened(Message& message, Tensor tensor, DataType type) {
  switch (type) {
    case DataType::kBool:
      return converted<std::uint8_t>(message, std::move(tensor), type,
                                     [](double value, std::uint8_t& made) {
                                       made = value == 1 ? 1 : 0;
                                       return value == 0 || value == 1;
                                     });
    case DataType::kUint8:
      return to_integers<std::uint8_t>(message, std::move(tensor), type);
    case DataType::kUint16:
      return to_integers<std::uint16_t>(message, std::move(tensor), type);
    case DataType::kUint32:
      return to_integers<std::uint32_t>(message, std::move(tensor), type);
    case DataType::kUint64:
      return to_integers<std::uint64_t>(message, std::move(tensor), type);
    case DataType::kInt8:
      return to_integers<std::int8_t>(message, std::move(tensor), type);
    case DataType::kInt16:
      return to_integers<std::int16_t>(message, std::move(tensor), type);
    case DataType::kInt32:
      return to_integers<std::int32_t>(message, std::move(tensor), type);
    case DataType::kInt64:
      return to_integers<std::int64_t>(message, std::move(tensor), type);
    case DataType::kFloat16:
      return converted<std::uint16_t>(message, std::move(tensor), type,
                                      [](double value, std::uint16_t& made) {
                                        made = to_float16(value);
                                        return true;
                                      });
    case DataType::kBfloat16:
      return converted<std::uint16_t>(message, std::move(tensor), type,
                                      [](double value, std::uint16_t& made) {
                                        made = to_bfloat16(value);
                                        return true;
                                      });
    case DataType::kFloat32:
      return converted<float>(message, std::move(tensor), type, [](double value, float& made) {
        made = static_cast<float>(value);
        return std::isinf(value) || !std::isinf(made);
      });
    case DataType::kUnknown:
    case DataType::kFloat64:
      tensor.is_soft = false;
      return tensor;
    case DataType::kBytes:
    case DataType::kComplex64:
    case DataType::kComplex128:
      break;
  }
  return Status(Code::kInvalidArgument, index_text(tensor, 0) + ": numbers are not of type " +
                                            std::string(tensorflow_name(type)).substr(3));
}

}  // namespace

Result<Tensor> with_type(Message& message, Tensor tensor, DataType type) {
  if (tensor.type == DataType::kFloat64 && tensor.is_soft) {
    return hardened(message, std::move(tensor), type);
  }
  if (tensor.type != DataType::kUnknown) return tensor;
  switch (type) {
    case DataType::kUnknown:
      return tensor;
    case DataType::kBool:
      return packed<std::uint8_t>(message, std::move(tensor), type, read_bool);
    case DataType::kUint8:
      return packed<std::uint8_t>(message, std::move(tensor), type);
    case DataType::kUint16:
      return packed<std::uint16_t>(message, std::move(tensor), type);
    case DataType::kUint32:
      return packed<std::uint32_t>(message, std::move(tensor), type);
    case DataType::kUint64:
      return packed<std::uint64_t>(message, std::move(tensor), type);
    case DataType::kInt8:
      return packed<std::int8_t>(message, std::move(tensor), type);
    case DataType::kInt16:
      return packed<std::int16_t>(message, std::move(tensor), type);
    case DataType::kInt32:
      return packed<std::int32_t>(message, std::move(tensor), type);
    case DataType::kInt64:
      return packed<std::int64_t>(message, std::move(tensor), type);
    case DataType::kFloat16:
      return packed<std::uint16_t>(message, std::move(tensor), type, read_half<to_float16>);
    case DataType::kBfloat16:
      return packed<std::uint16_t>(message, std::move(tensor), type, read_half<to_bfloat16>);
    case DataType::kFloat32:
      return packed<float>(message, std::move(tensor), type);
    case DataType::kFloat64:
      return packed<double>(message, std::move(tensor), type);
    case DataType::kBytes:
    case DataType::kComplex64:
    case DataType::kComplex128:
      break;
  }
  Tokens tokens(tensor.data);
  const std::string_view first = tokens.next();
  if (!first.empty()) return cannot_be(tensor, 0, first, type);
  tensor.type = type;
  tensor.data = {};
  return tensor;
}

Result<Tensor> with_guessed_type(Message& message, Tensor tensor, DataType fallback) {
  if (tensor.type != DataType::kUnknown) return tensor;
  if (holds_all(tensor, fallback)) return with_type(message, std::move(tensor), fallback);
  for (const DataType type : {DataType::kInt64, DataType::kUint64}) {
    if (tensor.is_whole && holds_all(tensor, type)) {
      return with_type(message, std::move(tensor), type);
    }
  }
  if (is_stopped()) return stopped();
  Tokens tokens(tensor.data);
  std::size_t index = 0;
  std::string_view token = tokens.next();
  for (; holds(token, fallback); token = tokens.next()) ++index;
  return cannot_be(tensor, index, token, fallback);
}

Result<std::vector<double>> to_doubles(const Tensor& tensor) {
  switch (tensor.type) {
    case DataType::kUnknown:
      return parsed(tensor);
    case DataType::kUint8:
      return widened<std::uint8_t>(tensor);
    case DataType::kUint16:
      return widened<std::uint16_t>(tensor);
    case DataType::kUint32:
      return widened<std::uint32_t>(tensor);
    case DataType::kUint64:
      return exactly_widened<std::uint64_t>(tensor, 0x1p64);
    case DataType::kInt8:
      return widened<std::int8_t>(tensor);
    case DataType::kInt16:
      return widened<std::int16_t>(tensor);
    case DataType::kInt32:
      return widened<std::int32_t>(tensor);
    case DataType::kInt64:
      return exactly_widened<std::int64_t>(tensor, 0x1p63);
    case DataType::kFloat16:
      return unpacked<from_float16>(tensor);
    case DataType::kBfloat16:
      return unpacked<from_bfloat16>(tensor);
    case DataType::kFloat32:
      return widened<float>(tensor);
    case DataType::kFloat64:
      return widened<double>(tensor);
    case DataType::kBool:
    case DataType::kBytes:
    case DataType::kComplex64:
    case DataType::kComplex128:
      break;
  }
  return Status(
      Code::kInvalidArgument,
      "elements of " + std::string(tensorflow_name(tensor.type)).substr(3) + " are no numbers");
}

}  // namespace infergraph::protocol
