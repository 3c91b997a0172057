#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/tensor/data_type.hpp"

namespace infergraph::protocol {

/// A value of protocol v2's `parameters`.
using ParameterValue = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;
/// In the order of the message.
using Parameters = std::vector<std::pair<std::string, ParameterValue>>;

/// One named tensor, in the form in which every protocol's tensors are held between reading and
/// writing. Borrows: `data` and `strings` from the Message that it is in.
struct Tensor {
  std::string name;  ///< "" where the message gave none
  DataType type = DataType::kUnknown;
  std::vector<std::int64_t> shape;  ///< [] is a scalar
  /// The elements, row-major. kUnknown: number tokens as JSON has them, in lists nested in any way;
  /// kBytes: not used; other types: little-endian without padding, one byte of 0 or 1 for kBool.
  std::string_view data;
  std::vector<std::string_view> strings;  ///< the elements of kBytes
  /// Of kUnknown: every token is a whole number without a point or an exponent, as in 12 or -3.
  bool is_whole = false;
  /// Of kFloat64: its message knows no other numbers (seldon's on the wire), so they may be taken
  /// for any type that holds them.
  bool is_soft = false;
  /// `data` (or `strings`) has one element, and all elements are the same: a short message may
  /// claim very many.
  bool is_constant = false;
  /// Of kUnknown: where the list stood in its message, for errors: "data.ndarray".
  std::string path;
  Parameters parameters;  ///< of protocol v2
};

/// The product of `shape`; 1 for a scalar. Nothing is allocated by it, so it may be anything up to
/// the largest std::size_t, which also stands for an overflow or a negative dimension.
std::size_t count_of(const std::vector<std::int64_t>& shape);

/// True when the tensor, of a type with elements of one size or of kBytes, holds as many elements
/// as it should: those of its shape, or the one of a constant.
bool is_complete(const Tensor& tensor);

/// How many empty lists a shape without elements asks for when it is nested: they cost nothing to
/// claim, and something to write. 0 for a shape with elements; the largest number for an overflow.
std::size_t empty_lists_of(const std::vector<std::int64_t>& shape);

}  // namespace infergraph::protocol
