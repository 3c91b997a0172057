// read_route: the many shapes in which a router may give its branch.
#include "protocol/seldon/route.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/base64.hpp"
#include "protocol/json/json.hpp"
#include "protocol/seldon/json.hpp"
#include "tensorflow/types.pb.h"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

/// A number type of tensorflow.TensorProto; docs/wire/tensorflow.md §8.
struct ElementType {
  int type;
  std::size_t bytes;
  double (*read)(const char*);
};

template <typename T>
double read_as(const char* bytes) {
  static_assert(std::endian::native == std::endian::little, "tensor_content is little-endian");
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return static_cast<double>(value);
}

template <typename T>
constexpr ElementType element(int type) {
  return {type, sizeof(T), read_as<T>};
}

constexpr std::array kElementTypes = {
    element<float>(tensorflow::DT_FLOAT),          element<double>(tensorflow::DT_DOUBLE),
    element<std::int32_t>(tensorflow::DT_INT32),   element<std::uint8_t>(tensorflow::DT_UINT8),
    element<std::int16_t>(tensorflow::DT_INT16),   element<std::int8_t>(tensorflow::DT_INT8),
    element<std::int64_t>(tensorflow::DT_INT64),   element<std::uint16_t>(tensorflow::DT_UINT16),
    element<std::uint32_t>(tensorflow::DT_UINT32), element<std::uint64_t>(tensorflow::DT_UINT64),
};

// The typed fields of TensorProto that hold plain numbers, by both of their JSON names.
constexpr std::array<std::string_view, 12> kValueFields = {
    "intVal",    "int_val",    "int64Val",  "int64_val",  "floatVal",  "float_val",
    "doubleVal", "double_val", "uint32Val", "uint32_val", "uint64Val", "uint64_val",
};

// A dtype in JSON: the name or the number of a DataType.
int dtype_of(std::string_view text) {
  tensorflow::DataType type = tensorflow::DT_INVALID;
  if (text.starts_with('"')) {
    (void)tensorflow::DataType_Parse(std::string(json::inside_quotes(text)), &type);
    return type;
  }
  return json::to_int(json::to_double(text).value_or(0)).value_or(0);
}

/// Takes the first element of whichever array may hold the branch.
class RouteReader final : public json::Visitor {
 public:
  // Only what may hold the branch: anything else of an answer is as large as a node likes.
  bool enter(const Path& path, Kind) override {
    if (path.depth() == 0 || root_is_array(path)) return true;
    switch (path.depth()) {
      case 1:
        return path.is(0, "data");
      case 2:
        return path.is(1, "ndarray") || path.is(1, "tensor") || path.is(1, "tftensor");
      case 3:
        return path.is(1, "ndarray") || (path.is(1, "tensor") && path.is(2, "values")) ||
               (path.is(1, "tftensor") && is_value_field(path));
      default:
        return true;
    }
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
    // A container is shown when it ends, after what is in it.
    if (path.depth() == 2 && path.is(0, "data")) has_data_ = true;
    if (path.is({"data"}) && kind == Kind::kObject) is_empty_ = !has_data_;
    // The containers' own ends tell nothing.
    if (path.depth() == 0 || kind == Kind::kObject || kind == Kind::kArray) return;
    if (root_is_array(path)) {
      take(path, 0, kind, text, false);
    } else if (path.is(1, "ndarray")) {
      take(path, 2, kind, text, false);
    } else if (path.is(1, "tensor") && path.is(2, "values")) {
      take(path, 3, kind, text, true);
    } else if (path.is(1, "tftensor")) {
      read_tftensor(path, kind, text);
    }
  }

  Result<int> route(RouteOddity* oddity) const {
    if (is_empty_ && !number_) return route_without_data(oddity);
    return to_route(number_ ? number_ : content_element(), wrong_, oddity);
  }

 private:
  static bool is_value_field(const Path& path) {
    return std::any_of(kValueFields.begin(), kValueFields.end(),
                       [&](std::string_view field) { return path.is(2, field); });
  }

  static bool root_is_array(const Path& path) { return path.index(0).has_value(); }

  // `level` is that of the step into the array. [k] and [[k]] have a first element.
  void take(const Path& path, std::size_t level, Kind kind, std::string_view text, bool strings) {
    if (number_ || path.depth() <= level || path.depth() > level + 2) return;
    for (std::size_t i = level; i < path.depth(); ++i) {
      if (path.index(i) != 0U) return;
    }
    if (kind == Kind::kNumber || (kind == Kind::kString && strings)) {
      number_ = json::to_proto_double(text);
    }
    if (!number_) {
      wrong_ = path.text() + " should be a number but is " + std::string(json::name_of(kind));
    }
  }

  void read_tftensor(const Path& path, Kind kind, std::string_view text) {
    if (path.depth() == 3) {
      if (path.is(2, "dtype")) dtype_ = text;
      const bool content = path.is(2, "tensorContent") || path.is(2, "tensor_content");
      if (content && kind == Kind::kString) content_ = json::inside_quotes(text);
      return;
    }
    if (!number_ && is_value_field(path)) take(path, 3, kind, text, true);
  }

  std::optional<double> content_element() const {
    // Twelve characters hold more than any element; an escape takes at most six.
    const std::string text = json::unescaped(content_.substr(0, 72));
    const auto bytes = decode_base64(std::string_view(text).substr(0, 12));
    return bytes ? first_of_content(dtype_of(dtype_), *bytes) : std::nullopt;
  }

  bool has_data_ = false;
  bool is_empty_ = false;  // there is a `data`, with nothing in it
  std::optional<double> number_;
  std::string wrong_;
  std::string_view dtype_;
  std::string_view content_;
};

}  // namespace

std::optional<double> first_of_content(int dtype, std::string_view content) {
  for (const ElementType& type : kElementTypes) {
    if (dtype == type.type && content.size() >= type.bytes) return type.read(content.data());
  }
  return std::nullopt;
}

Result<int> to_route(std::optional<double> element, const std::string& wrong, RouteOddity* oddity) {
  if (!element) {
    return Status(Code::kInvalidRouting,
                  "the answer has no route: " +
                      (wrong.empty() ? "expected one number in data.ndarray, data.tensor or "
                                       "data.tftensor, or a JSON array of one"
                                     : wrong));
  }
  if (!std::isfinite(*element)) {
    return Status(Code::kInvalidRouting, "the answer's route is not a number");
  }
  const double cut = std::trunc(*element);
  const std::optional<int> whole = json::to_int(cut);
  if (!whole) {
    std::string text;
    json::append_double(text, *element);
    return Status(Code::kInvalidRouting, "the answer's route " + text + " is not an integer");
  }
  if (cut != *element && oddity != nullptr) *oddity = RouteOddity::kFraction;
  return *whole;
}

int route_without_data(RouteOddity* oddity) {
  constexpr int kAllChildren = -1;
  if (oddity != nullptr) *oddity = RouteOddity::kNoData;
  return kAllChildren;
}

Result<int> read_route(std::string_view json, RouteOddity* oddity) {
  RouteReader reader;
  if (const auto problem = json::visit(json, reader)) {
    return Status(Code::kBadUpstream, "the answer to route: " + *problem);
  }
  return reader.route(oddity);
}

}  // namespace infergraph::protocol
