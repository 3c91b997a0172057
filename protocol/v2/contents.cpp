#include "protocol/v2/contents.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace infergraph::protocol {

namespace {

template <typename T, typename Values>
std::string packed(const Values& values) {
  std::string bytes(static_cast<std::size_t>(values.size()) * sizeof(T), '\0');
  std::size_t at = 0;
  for (const auto given : values) {
    const T value = static_cast<T>(given);
    std::memcpy(bytes.data() + at, &value, sizeof value);
    at += sizeof value;
  }
  return bytes;
}

}  // namespace

std::optional<std::string> raw_contents(const inference::InferTensorContents& contents,
                                        DataType type) {
  switch (type) {
    case DataType::kBool:
      return packed<std::uint8_t>(contents.bool_contents());
    case DataType::kInt8:
      return packed<std::int8_t>(contents.int_contents());
    case DataType::kInt16:
      return packed<std::int16_t>(contents.int_contents());
    case DataType::kInt32:
      return packed<std::int32_t>(contents.int_contents());
    case DataType::kInt64:
      return packed<std::int64_t>(contents.int64_contents());
    case DataType::kUint8:
      return packed<std::uint8_t>(contents.uint_contents());
    case DataType::kUint16:
      return packed<std::uint16_t>(contents.uint_contents());
    case DataType::kUint32:
      return packed<std::uint32_t>(contents.uint_contents());
    case DataType::kUint64:
      return packed<std::uint64_t>(contents.uint64_contents());
    case DataType::kFloat32:
      return packed<float>(contents.fp32_contents());
    case DataType::kFloat64:
      return packed<double>(contents.fp64_contents());
    default:
      return std::nullopt;
  }
}

}  // namespace infergraph::protocol
