#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/status.hpp"
#include "protocol/tensor/content.hpp"

namespace infergraph::protocol {

/// Where the parts of a SeldonMessage lie in its JSON: each the exact text of a value, empty when
/// absent or null. Borrows: that JSON.
struct MessageText {
  std::string_view status;
  std::string_view meta;
  Content content = Content::kNone;
  std::string_view content_text;  ///< the value of data, strData, …
  std::string_view names;         ///< data.names
  DataKind kind = DataKind::kNone;
  std::string_view tensor_shape;   ///< data.tensor.shape
  std::string_view tensor_values;  ///< data.tensor.values
  std::string_view ndarray;        ///< data.ndarray
  std::string_view tftensor;       ///< data.tftensor
};

/// Finds the parts; reads no values. JSON that is no object is a message without any.
/// Errors: kInvalidArgument for what isn't JSON.
Result<MessageText> read_message(std::string_view json);

/// Numbers in row-major order. `values` has as many as the product of `shape`.
struct NumericArray {
  std::vector<std::size_t> shape;
  std::vector<double> values;
};

/// The numbers of a tensor or a rectangular ndarray. A tensor may hold numbers as strings, and NaN
/// and the infinities as proto3 JSON writes them.
/// Errors: kInvalidArgument with the path ("data.ndarray[1]: expected 3 values but found 2").
/// Precondition: message.kind is kTensor or kNdarray.
Result<NumericArray> read_numbers(const MessageText& message);

/// Adds the numbers of a message like that to `sum`, which has the shape that is given back;
/// another shape leaves `sum` as it happens to be. Nothing is held but `sum`. Errors: as
/// read_numbers's.
Result<std::vector<std::size_t>> add_numbers(const MessageText& message, NumericArray& sum);

/// Appends `"tensor":{…}` or `"ndarray":[[…]]`. NaN and the infinities are written as each may be
/// read: as strings in a tensor, bare in an ndarray.
/// Precondition: two dimensions, and kTensor or kNdarray.
void append_numbers(std::string& out, DataKind kind, const NumericArray& numbers);

}  // namespace infergraph::protocol
