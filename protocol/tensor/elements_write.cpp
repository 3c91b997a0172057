// From tensors to JSON.
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "protocol/invalid.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

constexpr std::size_t kMostDimensions = json::kMaxDepth;

void append_non_finite(std::string& out, std::string_view name, const JsonStyle& style) {
  if (style.quote_non_finite) {
    out.append("\"").append(name) += '"';
  } else {
    out += name;
  }
}

template <typename Real>
void append_real(std::string& out, Real value, const JsonStyle& style) {
  if (std::isfinite(value)) {
    const std::size_t begin = out.size();
    if constexpr (std::is_same_v<Real, float>) {
      json::append_float(out, value);
    } else {
      json::append_double(out, value);
    }
    const bool is_bare =
        std::string_view(out).substr(begin).find_first_of(".e") == std::string_view::npos;
    if (style.floats_have_point && is_bare) out += ".0";
  } else {
    append_non_finite(out, std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity", style);
  }
}

// The elements of a tensor from `at` on, one after the other.
class Elements {
 public:
  Elements(const Tensor& tensor, const JsonStyle& style, Tokens& tokens, std::size_t& at,
           Slices& slices)
      : tensor_(tensor),
        style_(style),
        tokens_(tokens),
        at_(at),
        step_(tensor.is_constant ? 0 : 1),
        slices_(slices) {}

  /// To be asked now and then with the text's size.
  Result<void> pay(std::size_t size) {
    if (!slices_.is_due(size)) return {};
    auto paid = slices_.pay(size);
    return paid ? paid : about(tensor_, paid.error());
  }

  Result<void> append(std::string& out) {
    if (auto paid = pay(out.size()); !paid) return paid;
    switch (tensor_.type) {
      case DataType::kUnknown:
        return append_token(out);
      case DataType::kBool:
        out += next<std::uint8_t>() != 0 ? "true" : "false";
        return {};
      case DataType::kUint8:
        return append_integer<std::uint8_t>(out);
      case DataType::kUint16:
        return append_integer<std::uint16_t>(out);
      case DataType::kUint32:
        return append_integer<std::uint32_t>(out);
      case DataType::kUint64:
        return append_integer<std::uint64_t>(out);
      case DataType::kInt8:
        return append_integer<std::int8_t>(out);
      case DataType::kInt16:
        return append_integer<std::int16_t>(out);
      case DataType::kInt32:
        return append_integer<std::int32_t>(out);
      case DataType::kInt64:
        return append_integer<std::int64_t>(out);
      case DataType::kFloat16:
        append_real(out, from_float16(next<std::uint16_t>()), style_);
        return {};
      case DataType::kBfloat16:
        append_real(out, from_bfloat16(next<std::uint16_t>()), style_);
        return {};
      case DataType::kFloat32:
        append_real(out, next<float>(), style_);
        return {};
      case DataType::kFloat64:
        append_real(out, next<double>(), style_);
        return {};
      case DataType::kBytes:
        return append_bytes(out);
      case DataType::kComplex64:
      case DataType::kComplex128:
        break;
    }
    return invalid("complex numbers have no place in JSON");
  }

 private:
  template <typename T>
  T next() {
    T value{};
    std::memcpy(&value, tensor_.data.data() + at_ * sizeof value, sizeof value);
    at_ += step_;
    return value;
  }

  template <typename T>
  Result<void> append_integer(std::string& out) {
    out += std::to_string(next<T>());
    return {};
  }

  Result<void> append_token(std::string& out) {
    const std::string_view token = tokens_.next();
    const bool finite = (token.back() >= '0' && token.back() <= '9') || token.back() == '.';
    if (finite || !style_.quote_non_finite) {
      out += token;
    } else {
      append_non_finite(out,
                        token == "NaN"         ? "NaN"
                        : token.front() == '-' ? "-Infinity"
                                               : "Infinity",
                        style_);
    }
    return {};
  }

  Result<void> append_bytes(std::string& out) {
    const std::string_view element = tensor_.strings[at_];
    const std::size_t index = std::exchange(at_, at_ + step_);
    if (style_.b64) {
      out += R"({"b64":")";
      append_base64(out, element);
      out += "\"}";
      return {};
    }
    if (!is_utf8(element)) {
      return invalid("element " + std::to_string(index) + " of \"" + tensor_.name +
                     "\" is not UTF-8, so it is no JSON string");
    }
    json::append_string(out, element);
    return {};
  }

  const Tensor& tensor_;
  JsonStyle style_;
  Tokens& tokens_;
  std::size_t& at_;
  const std::size_t step_;
  Slices& slices_;
};

// What was written of a tensor is paid for, or the error says of which.
Result<void> finished(const Tensor& tensor, Result<void> written, Slices& slices,
                      const std::string& out) {
  if (written) {
    auto paid = slices.pay(out.size());
    return paid ? paid : about(tensor, paid.error());
  }
  return written;
}

// So that what can't end well isn't begun.
Result<void> could_become_text(const Tensor& tensor) {
  return tensor.is_constant ? could_repeat(tensor, 2) : Result<void>();  // a digit and a comma
}

// Lists nested by `shape`, without recursion.
Result<void> append_shaped(std::string& out, std::span<const std::int64_t> shape,
                           Elements& elements) {
  if (shape.empty()) return elements.append(out);
  std::vector<std::int64_t> at;  // in each open list
  at.reserve(shape.size());
  at.push_back(0);
  out += '[';
  while (!at.empty()) {
    const std::size_t depth = at.size() - 1;
    if (auto paid = elements.pay(out.size()); !paid) return paid;
    if (at[depth] == shape[depth]) {
      out += ']';
      at.pop_back();
      continue;
    }
    if (at[depth]++ > 0) out += ',';
    if (depth + 1 < shape.size()) {
      out += '[';
      at.push_back(0);
    } else {
      auto appended = elements.append(out);
      if (!appended) return appended;
      // The innermost list in one go: it is where the elements are.
      for (; at[depth] < shape[depth]; ++at[depth]) {
        out += ',';
        appended = elements.append(out);
        if (!appended) return appended;
      }
    }
  }
  return {};
}

bool has_elements(const Tensor& tensor) {
  if (tensor.type == DataType::kUnknown) return true;  // counted where it was read
  return is_complete(tensor);
}

Result<void> check(const Tensor& tensor) {
  if (tensor.shape.size() > kMostDimensions) return invalid("a tensor has too many dimensions");
  if (auto fine = can_be_nested(tensor); !fine) return fine;
  if (!has_elements(tensor)) {
    return invalid("tensor \"" + tensor.name + "\" has not as many elements as its shape says");
  }
  return could_become_text(tensor);
}

// Whether the text of numbers is nested as the shape is, so that it can be copied.
bool is_nested_text(const Tensor& tensor, const JsonStyle& style) {
  if (tensor.type != DataType::kUnknown) return false;
  std::size_t depth = 0;
  for (const char c : tensor.data) {
    if (c == '[') {
      ++depth;
    } else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
      break;
    }
  }
  if (depth != tensor.shape.size()) return false;
  return !style.quote_non_finite || tensor.data.find_first_of("NI") == std::string_view::npos;
}

}  // namespace

Status about(const Tensor& tensor, const Status& status) {
  const std::string name = json::excerpt(tensor.name);
  const std::string what = !tensor.name.empty()   ? "tensor \"" + name + '"'
                           : !tensor.path.empty() ? tensor.path
                                                  : "the tensor";
  return {status.code(), what + ": " + status.message()};
}

Result<void> could_repeat(const Tensor& tensor, std::size_t size) {
  std::size_t all = 0;
  if (__builtin_mul_overflow(count_of(tensor.shape), size, &all)) {
    all = std::numeric_limits<std::size_t>::max();
  }
  auto fine = could_afford(all);
  return fine ? fine : about(tensor, fine.error());
}

Result<void> can_be_nested(const Tensor& tensor) {
  constexpr std::size_t kList = 32;  // brackets, and where a message on the wire has its lengths
  const std::size_t lists = empty_lists_of(tensor.shape);
  if (lists == 0) return {};
  std::size_t size = 0;
  const bool overflow = __builtin_mul_overflow(lists, kList, &size);
  if (!overflow && could_afford(size)) return {};
  return about(tensor, invalid("it has no elements, but too many empty lists"));
}

Result<void> append_nested(std::string& out, const Tensor& tensor, const JsonStyle& style) {
  if (is_nested_text(tensor, style)) {
    if (auto fine = afford(tensor.data.size()); !fine) return about(tensor, fine.error());
    out += tensor.data;
    return {};
  }
  if (auto fine = check(tensor); !fine) return fine;
  Tokens tokens(tensor.data);
  std::size_t at = 0;
  Slices slices(out.size());
  Elements elements(tensor, style, tokens, at, slices);
  return finished(tensor, append_shaped(out, tensor.shape, elements), slices, out);
}

Result<void> append_flat(std::string& out, const Tensor& tensor, const JsonStyle& style) {
  if (tensor.shape.size() == 1) return append_nested(out, tensor, style);
  if (auto fine = check(tensor); !fine) return fine;
  Tokens tokens(tensor.data);
  std::size_t at = 0;
  Slices slices(out.size());
  Elements elements(tensor, style, tokens, at, slices);
  const auto count = static_cast<std::int64_t>(count_of(tensor.shape));
  return finished(tensor, append_shaped(out, std::span(&count, 1), elements), slices, out);
}

RowWriter::RowWriter(const Tensor& tensor, JsonStyle style, Slices& slices)
    : tensor_(tensor), style_(style), tokens_(tensor.data), slices_(slices) {}

Result<void> RowWriter::append(std::string& out) {
  if (!is_checked_) {
    if (auto fine = check(tensor_); !fine) return fine;
    is_checked_ = true;
  }
  Elements elements(tensor_, style_, tokens_, at_, slices_);
  return append_shaped(out, std::span(tensor_.shape).subspan(1), elements);
}

}  // namespace infergraph::protocol
