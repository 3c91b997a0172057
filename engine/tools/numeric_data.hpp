#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/tools/json_text.hpp"

namespace infergraph::engine {

/// The numbers of a message's `data`, row by row.
struct NumericData {
  bool is_tensor = false;  ///< else ndarray
  std::vector<std::size_t> shape;
  std::vector<double> values;
};

/// The numbers of a tensor or a rectangular ndarray of any rank; none for anything else.
std::optional<NumericData> read_numeric(const rapidjson::Value& data);

/// Writes the member "tensor" or "ndarray" of a `data` object.
void write_numeric(JsonWriter& writer, const NumericData& numbers);

}  // namespace infergraph::engine
