#include "protocol/tensor/data_type.hpp"

#include <algorithm>
#include <array>

namespace infergraph::protocol {

namespace {

struct Row {
  DataType type;
  std::size_t size;
  std::string_view v2;
  std::string_view tensorflow;
  int tensorflow_number;
};

constexpr std::array kRows = {
    Row{DataType::kUnknown, 0, "", "", 0},
    Row{DataType::kBool, 1, "BOOL", "DT_BOOL", 10},
    Row{DataType::kUint8, 1, "UINT8", "DT_UINT8", 4},
    Row{DataType::kUint16, 2, "UINT16", "DT_UINT16", 17},
    Row{DataType::kUint32, 4, "UINT32", "DT_UINT32", 22},
    Row{DataType::kUint64, 8, "UINT64", "DT_UINT64", 23},
    Row{DataType::kInt8, 1, "INT8", "DT_INT8", 6},
    Row{DataType::kInt16, 2, "INT16", "DT_INT16", 5},
    Row{DataType::kInt32, 4, "INT32", "DT_INT32", 3},
    Row{DataType::kInt64, 8, "INT64", "DT_INT64", 9},
    Row{DataType::kFloat16, 2, "FP16", "DT_HALF", 19},
    Row{DataType::kBfloat16, 2, "BF16", "DT_BFLOAT16", 14},
    Row{DataType::kFloat32, 4, "FP32", "DT_FLOAT", 1},
    Row{DataType::kFloat64, 8, "FP64", "DT_DOUBLE", 2},
    Row{DataType::kBytes, 0, "BYTES", "DT_STRING", 7},
    Row{DataType::kComplex64, 8, "", "DT_COMPLEX64", 8},
    Row{DataType::kComplex128, 16, "", "DT_COMPLEX128", 18},
};

const Row& row_of(DataType type) { return kRows[static_cast<std::size_t>(type)]; }

template <typename Matches>
std::optional<DataType> find(Matches matches) {
  const auto* const found = std::find_if(kRows.begin() + 1, kRows.end(), matches);
  if (found == kRows.end()) return std::nullopt;
  return found->type;
}

}  // namespace

std::size_t size_of(DataType type) { return row_of(type).size; }

bool is_integer(DataType type) { return type >= DataType::kUint8 && type <= DataType::kInt64; }

bool is_float(DataType type) { return type >= DataType::kFloat16 && type <= DataType::kFloat64; }

std::string_view v2_name(DataType type) { return row_of(type).v2; }

std::optional<DataType> from_v2_name(std::string_view name) {
  if (name.empty()) return std::nullopt;
  return find([name](const Row& row) { return row.v2 == name; });
}

std::string_view tensorflow_name(DataType type) { return row_of(type).tensorflow; }

std::optional<DataType> from_tensorflow_name(std::string_view name) {
  return find([name](const Row& row) { return row.tensorflow == name; });
}

int tensorflow_number(DataType type) { return row_of(type).tensorflow_number; }

std::optional<DataType> from_tensorflow_number(int number) {
  return find([number](const Row& row) { return row.tensorflow_number == number; });
}

}  // namespace infergraph::protocol
