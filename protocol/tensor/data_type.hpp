#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace infergraph::protocol {

/// The types of a tensor's elements that are read and written. kUnknown is for numbers whose writer
/// did not say: JSON of the protocols seldon and tensorflow.
/// Sources: docs/wire/v2.md §2, docs/wire/tensorflow.md §8.
enum class DataType : std::uint8_t {
  kUnknown,
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFloat16,
  kBfloat16,
  kFloat32,
  kFloat64,
  kBytes,
  kComplex64,
  kComplex128,
};

/// Bytes of one element; 0 for kBytes and kUnknown, whose elements differ.
std::size_t size_of(DataType type);

bool is_integer(DataType type);
/// Of a real number: not of a complex one.
bool is_float(DataType type);

/// "FP32", "BYTES", …; "" for what protocol v2 doesn't have.
std::string_view v2_name(DataType type);
std::optional<DataType> from_v2_name(std::string_view name);

/// "DT_FLOAT", …; "" for kUnknown.
std::string_view tensorflow_name(DataType type);
std::optional<DataType> from_tensorflow_name(std::string_view name);
/// The number in tensorflow.DataType; 0 for kUnknown.
int tensorflow_number(DataType type);
/// Nothing for what has no counterpart here: quantised types, resources, variants, references.
std::optional<DataType> from_tensorflow_number(int number);

}  // namespace infergraph::protocol
