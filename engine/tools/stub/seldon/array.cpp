#include "engine/tools/stub/seldon/array.hpp"

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "engine/tools/stub/seldon/python_json.hpp"

namespace infergraph::engine {

using rapidjson::Value;

namespace {

constexpr std::size_t kMaxRank = 32;  // numpy's own

using Kind = WrapperArray::Kind;
using Values = std::vector<const Value*>;

/// The dtype that numpy finds for all of `values` together.
Kind kind_of(const Values& values) {
  bool has_bool = false;
  bool has_whole = false;
  bool has_real = false;
  bool has_text = false;
  bool has_negative = false;
  bool has_large = false;  // beyond int64
  for (const Value* value : values) {
    if (value->IsBool()) {
      has_bool = true;
    } else if (value->IsInt64()) {
      has_whole = true;
      has_negative = has_negative || value->GetInt64() < 0;
    } else if (value->IsUint64()) {
      has_whole = has_large = true;
    } else if (value->IsNumber()) {
      has_real = true;
    } else if (value->IsString()) {
      has_text = true;
    } else {
      return Kind::kObject;
    }
  }
  if (has_text) return Kind::kText;
  // No integer of 64 bits holds both.
  if (has_real || values.empty() || (has_large && has_negative)) return Kind::kFloat;
  return has_whole || !has_bool ? Kind::kInt : Kind::kBool;
}

PythonError ragged(const std::vector<std::size_t>& shape) {
  return raised(
      "setting an array element with a sequence. The requested array has an inhomogeneous "
      "shape after " +
      std::to_string(shape.size()) + " dimensions. The detected shape was " + python_tuple(shape) +
      " + inhomogeneous part.");
}

/// The number that a dimension's size is, which proto JSON writes as text.
std::optional<std::uint64_t> size_of_dimension(const Value& value) {
  if (value.IsUint64()) return value.GetUint64();
  if (!value.IsString()) return std::nullopt;
  const std::string_view text(value.GetString(), value.GetStringLength());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

PythonError too_large(const std::vector<std::size_t>& shape) {
  return raised("Unable to allocate an array with shape " + python_tuple(shape));
}

/// The element `index` of tolist().
void append_element(std::string& out, const WrapperArray& array, std::size_t index) {
  if (const auto* computed = std::get_if<std::vector<double>>(&array.elements)) {
    append_python_float(out, (*computed)[index]);
    return;
  }
  const Value& value = *std::get<Values>(array.elements)[index];
  switch (array.kind) {
    case Kind::kFloat:
      append_python_float(out, array.number(index));
      return;
    case Kind::kInt:
      if (value.IsBool()) {
        out += value.GetBool() ? '1' : '0';
        return;
      }
      break;
    case Kind::kText:
      if (!value.IsString()) {
        std::string text;
        append_python_text(text, value);
        append_flask_string(out, text);
        return;
      }
      break;
    case Kind::kBool:
    case Kind::kObject:
      break;
  }
  append_flask_json(out, value);
}

// As deep as an array has dimensions.
void append_level(std::string& out, const WrapperArray& array,  // NOLINT(misc-no-recursion)
                  std::size_t level, std::size_t& next) {
  if (level == array.shape.size()) {
    append_element(out, array, next++);
    return;
  }
  out += '[';
  for (std::size_t i = 0; i < array.shape[level]; ++i) {
    if (i > 0) out += ',';
    append_level(out, array, level + 1, next);
  }
  out += ']';
}

/// The shape that reshape() is given; nothing in it for null, which leaves the array as it is.
PythonResult<std::optional<std::vector<std::int64_t>>> read_shape(const Value& value) {
  std::vector<std::int64_t> shape;
  if (value.IsNull()) return std::optional<std::vector<std::int64_t>>();
  const auto read = [&](const Value& size) -> PythonResult<void> {
    if (size.IsBool()) return raised("an integer is required");
    if (!size.IsInt64()) {
      return raised("'" + std::string(python_type(size)) +
                    "' object cannot be interpreted as an integer");
    }
    shape.push_back(size.GetInt64());
    return {};
  };
  if (value.IsObject()) {
    return raised("expected a sequence of integers or a single integer, got '" +
                  python_repr(value) + "'");
  }
  if (!value.IsArray()) {
    if (auto done = read(value); !done) return done.error();
    return std::optional(std::move(shape));
  }
  if (value.Size() > kMaxRank) {
    return raised("maximum supported dimension for an ndarray is 32, found " +
                  std::to_string(value.Size()));
  }
  for (const Value& size : value.GetArray()) {
    if (auto done = read(size); !done) return done.error();
  }
  return std::optional(std::move(shape));
}

PythonResult<std::vector<std::size_t>> reshaped(const std::vector<std::int64_t>& wanted,
                                                std::size_t count) {
  std::vector<std::size_t> made;
  std::optional<std::size_t> unknown;
  std::size_t product = 1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    made.push_back(wanted[i] < 0 ? 0 : static_cast<std::size_t>(wanted[i]));
    if (wanted[i] < 0 && unknown) return raised("can only specify one unknown dimension");
    if (wanted[i] < 0) {
      unknown = i;
      continue;
    }
    const bool fits = made[i] == 0 || product <= std::numeric_limits<std::size_t>::max() / made[i];
    product = fits ? product * made[i] : std::numeric_limits<std::size_t>::max();
  }
  const auto wrong = [&] {
    std::vector<std::size_t> known;
    for (const std::int64_t size : wanted) {
      if (size >= 0) known.push_back(static_cast<std::size_t>(size));
    }
    std::string text = python_tuple(known, ",");
    // numpy's own way to tell a shape with an unknown dimension.
    if (unknown && known.size() == 1) text.erase(text.size() - 2, 1);
    return raised("cannot reshape array of size " + std::to_string(count) + " into shape " + text);
  };
  if (!unknown) return product == count ? PythonResult<std::vector<std::size_t>>(made) : wrong();
  if (product == 0 || count % product != 0) return wrong();
  made[*unknown] = count / product;
  return made;
}

}  // namespace

std::size_t WrapperArray::size() const {
  return std::visit([](const auto& values) { return values.size(); }, elements);
}

double WrapperArray::number(std::size_t index) const {
  if (const auto* computed = std::get_if<std::vector<double>>(&elements)) return (*computed)[index];
  const Value& value = *std::get<Values>(elements)[index];
  return value.IsBool() ? (value.GetBool() ? 1 : 0) : value.GetDouble();
}

void WrapperArray::append_nested(std::string& out) const {
  std::size_t next = 0;
  append_level(out, *this, 0, next);
}

void WrapperArray::append_flat(std::string& out) const {
  out += '[';
  for (std::size_t i = 0; i < size(); ++i) {
    if (i > 0) out += ',';
    append_element(out, *this, i);
  }
  out += ']';
}

std::string python_tuple(const std::vector<std::size_t>& shape, const char* comma) {
  std::string made = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) made += comma;
    made += std::to_string(shape[i]);
  }
  return made + (shape.size() == 1 ? ",)" : ")");
}

PythonResult<WrapperArray> array_of(const Value& value) {
  WrapperArray made;
  Values level = {&value};
  // Level by level, for what numpy tells of lists that don't fit is how far they did.
  while (!level.empty() && level.front()->IsArray()) {
    const std::size_t length = level.front()->Size();
    for (const Value* list : level) {
      if (!list->IsArray() || list->Size() != length) return ragged(made.shape);
    }
    if (made.shape.size() == kMaxRank) {
      return raised(
          "setting an array element with a sequence. The requested array would "
          "exceed the maximum number of dimension of 32.");
    }
    made.shape.push_back(length);
    Values below;
    below.reserve(level.size() * length);
    for (const Value* list : level) {
      for (const Value& element : list->GetArray()) below.push_back(&element);
    }
    level = std::move(below);
  }
  for (const Value* element : level) {
    if (element->IsArray()) return ragged(made.shape);
  }
  made.kind = kind_of(level);
  made.elements = std::move(level);
  return made;
}

PythonResult<WrapperArray> array_of_tensor(const Value& tensor, std::size_t limit) {
  if (tensor.IsArray()) return raised("list indices must be integers or slices, not str");
  if (tensor.IsString()) return raised("string indices must be integers, not 'str'");
  if (!tensor.IsObject()) {
    return raised("'" + std::string(python_type(tensor)) + "' object is not subscriptable");
  }
  const Value* values = last_member(tensor, "values");
  if (values == nullptr) return raised("'values'");
  auto made = array_of(*values);
  if (!made) return made;
  const Value* shape = last_member(tensor, "shape");
  if (shape == nullptr) return raised("'shape'");
  const auto wanted = read_shape(*shape);
  if (!wanted) return wanted.error();
  if (!*wanted) return made;
  auto reshaped_to = reshaped(**wanted, made->size());
  if (!reshaped_to) return reshaped_to.error();
  made->shape = *std::move(reshaped_to);
  if (made->size() > 0) return made;
  std::size_t lists = 1;
  for (const std::size_t size : made->shape) {
    if (size == 0) continue;
    if (size > limit / lists) return too_large(made->shape);
    lists *= size;
  }
  return made;
}

PythonResult<WrapperArray> array_of_tensor_proto(const Value& tensor, std::size_t limit) {
  const auto wrong = [&](const Value& value) {
    return raised("Failed to parse tensorShape field: " + python_repr(value));
  };
  if (!tensor.IsObject()) return wrong(tensor);
  WrapperArray made;
  made.tensor_proto = &tensor;
  const Value* shape = last_member(tensor, "tensorShape");
  if (shape == nullptr) shape = last_member(tensor, "tensor_shape");
  const Value* dims = shape == nullptr ? nullptr : last_member(*shape, "dim");
  if (dims == nullptr) return made;
  if (!dims->IsArray() || dims->Size() > kMaxRank) return wrong(*shape);
  for (const Value& dim : dims->GetArray()) {
    const Value* size = last_member(dim, "size");
    const auto number =
        size == nullptr ? std::optional<std::uint64_t>(0) : size_of_dimension(*size);
    if (!number) return wrong(*shape);
    made.shape.push_back(*number);
    if (*number > limit) return too_large(made.shape);
  }
  return made;
}

}  // namespace infergraph::engine
