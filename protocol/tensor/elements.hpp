#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"
#include "protocol/tensor/tensor.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

/// Reads nested JSON lists, or a bare scalar, into a tensor of `message`, in one pass and without
/// recursion. `text` is the exact text of a value that is known to be well-formed JSON and lives as
/// long as `message`; `path` is where it stands, for errors. Numbers (also bare NaN, Inf, Infinity,
/// -Inf, -Infinity) stay text: kUnknown. true and false become kBool, strings kBytes; so do
/// {"b64":"…"} if `b64` is given. No element at all: kUnknown.
///
/// Errors: kInvalidArgument with the path of the bad element, "data.ndarray[1]: expected 3 values
/// but found 2", "data.ndarray[0][2]: expected a number but found a string".
Result<Tensor> read_list(Message& message, std::string_view text, std::string path,
                         bool b64 = false);

/// The number tokens of a kUnknown tensor's data, one after the other.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}
  /// The next one; empty at the end.
  std::string_view next();

 private:
  std::string_view text_;
};

/// A kUnknown tensor with its elements read as `type`: reals are rounded once to the type itself
/// (half precision by way of a double), integers must be whole (1.0 and 1e2 are) and in range,
/// kBool takes 0 and 1. A tensor of another type than kUnknown comes back as it is, whatever `type`
/// says. Errors: kInvalidArgument with the path of the element and its text.
Result<Tensor> with_type(Message& message, Tensor tensor, DataType type);

/// The type that a kUnknown tensor gets when nobody says otherwise: `fallback`, if it holds every
/// element exactly; else, if all are whole, kInt64 or kUint64. A kUnknown tensor without elements
/// gets `fallback`. Errors: as with_type's, when no type holds them.
Result<Tensor> with_guessed_type(Message& message, Tensor tensor, DataType fallback);

/// How elements are written as JSON.
struct JsonStyle {
  bool quote_non_finite = false;  ///< "NaN" as a string, as proto3 JSON has it; else bare
  bool b64 = false;               ///< kBytes as {"b64":"…"}; else as strings, which must be UTF-8
  bool floats_have_point = false;  ///< 1.0 and not 1, as tensorflow writes floats
};

/// Appends the elements as lists nested by the shape, a scalar without any list. Floats get the
/// fewest digits that read back as the same value of their type (kFloat16 and kBfloat16: their
/// exact decimal value), integers all their digits; kUnknown's tokens are copied as they stand.
/// Errors: kInvalidArgument for complex numbers, and for a string that is not UTF-8.
Result<void> append_nested(std::string& out, const Tensor& tensor, const JsonStyle& style);
/// The same in one flat list, also for a scalar.
Result<void> append_flat(std::string& out, const Tensor& tensor, const JsonStyle& style);
/// The same for row `row` alone: the part of the tensor behind its first dimension.
/// Precondition: a rank of at least 1, and row is less than shape[0]. Rows are asked for in order.
class RowWriter {
 public:
  /// Borrows both; `slices` are those of the whole text.
  RowWriter(const Tensor& tensor, JsonStyle style, Slices& slices);
  Result<void> append(std::string& out);

 private:
  const Tensor& tensor_;
  JsonStyle style_;
  Tokens tokens_;
  std::size_t at_ = 0;  // elements written
  Slices& slices_;
  bool is_checked_ = false;
};

/// The elements as doubles; of a constant the only one. Errors: kInvalidArgument for elements that
/// are no numbers, and for integers that a double can't hold, with the index and the text.
Result<std::vector<double>> to_doubles(const Tensor& tensor);

/// Elements as bytes: one stretch, which a constant repeats. Borrows: `bytes`.
struct RawElements {
  std::string_view bytes;
  std::size_t times = 1;

  std::size_t size() const { return bytes.size() * times; }
  void append_to(std::string& out) const;
};

/// `status` with the tensor before it: its name, or where it stood.
Status about(const Tensor& tensor, const Status& status);

/// Whether the shape is worth its lists. Errors: kInvalidArgument for a tensor without elements
/// that would be more empty lists than the message may become.
Result<void> can_be_nested(const Tensor& tensor);

/// Whether the message may become `size` bytes for each element. Errors: could_afford()'s, about
/// the tensor.
Result<void> could_repeat(const Tensor& tensor, std::size_t size);

/// `element` for each element of `tensor`, a constant, if the message may become so large.
/// Errors: afford()'s, about the tensor.
Result<RawElements> repeated(const Tensor& tensor, std::string_view element);

/// The elements as raw bytes, kBytes with the four-byte length of each element, as v2's binary
/// extension and raw contents have them. Borrows from the tensor's message, or keeps it there.
/// Errors: of a constant, afford()'s.
Result<RawElements> to_raw(Message& message, const Tensor& tensor);
/// The opposite: fills `data` or `strings` of a tensor that has its type and shape, from `raw`,
/// which lives as long as `message`. Any byte of kBool that is not 0 becomes 1. `where` begins the
/// error: what the bytes are of. Errors: kInvalidArgument when the size is not what shape and type
/// need.
Result<void> from_raw(Message& message, Tensor& tensor, std::string_view raw,
                      const std::string& where);

/// Half precision (IEEE 754 binary16, and the upper half of a binary32), rounded to nearest even.
std::uint16_t to_float16(double value);
double from_float16(std::uint16_t bits);
std::uint16_t to_bfloat16(double value);
double from_bfloat16(std::uint16_t bits);

}  // namespace infergraph::protocol
