// read_route: the many shapes in which a router may give its branch.
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

#include "protocol/codec/seldon_json.hpp"
#include "protocol/json.hpp"

namespace infergraph::protocol {

namespace {

using json::Kind;
using json::Path;

/// A number type of tensorflow.TensorProto; contract/protos.md §2.
struct ElementType {
  std::string_view name;
  std::string_view number;
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
constexpr ElementType element(std::string_view name, std::string_view number) {
  return {name, number, sizeof(T), read_as<T>};
}

constexpr std::array kElementTypes = {
    element<float>("\"DT_FLOAT\"", "1"),           element<double>("\"DT_DOUBLE\"", "2"),
    element<std::int32_t>("\"DT_INT32\"", "3"),    element<std::uint8_t>("\"DT_UINT8\"", "4"),
    element<std::int16_t>("\"DT_INT16\"", "5"),    element<std::int8_t>("\"DT_INT8\"", "6"),
    element<std::int64_t>("\"DT_INT64\"", "9"),    element<std::uint16_t>("\"DT_UINT16\"", "17"),
    element<std::uint32_t>("\"DT_UINT32\"", "22"), element<std::uint64_t>("\"DT_UINT64\"", "23"),
};

// The typed fields of TensorProto that hold plain numbers, by both of their JSON names.
constexpr std::array<std::string_view, 12> kValueFields = {
    "intVal",    "int_val",    "int64Val",  "int64_val",  "floatVal",  "float_val",
    "doubleVal", "double_val", "uint32Val", "uint32_val", "uint64Val", "uint64_val",
};

// The first bytes of base64 in either alphabet, padded or not: as many as fill `bytes`.
bool decode_base64_start(std::string_view text, std::span<char> bytes) {
  std::uint32_t bits = 0;
  int held = 0;
  std::size_t made = 0;
  for (const char c : text) {
    if (made == bytes.size()) return true;
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+' || c == '-') {
      value = 62;
    } else if (c == '/' || c == '_') {
      value = 63;
    } else {
      return false;
    }
    bits = bits << 6U | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[made++] = static_cast<char>(bits >> held & 0xFFU);
    }
  }
  return made == bytes.size();
}

/// Takes the first element of whichever array may hold the branch.
class RouteReader final : public json::Visitor {
 public:
  bool enter(const Path& path, Kind) override {
    if (path.depth() == 0) return true;
    return root_is_array(path) || path.is(0, "data");
  }

  void value(const Path& path, Kind kind, std::string_view text) override {
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

  Result<int> route() const {
    const std::optional<double> branch = number_ ? number_ : content_element();
    if (!branch) {
      return Status(Code::kInvalidRouting,
                    "the answer has no route: " +
                        (wrong_.empty() ? "expected one number in data.ndarray, data.tensor or "
                                          "data.tftensor, or a JSON array of one"
                                        : wrong_));
    }
    const std::optional<int> whole = json::to_int(*branch);
    if (!whole) {
      std::string text;
      json::append_double(text, *branch);
      return Status(Code::kInvalidRouting, "the answer's route " + text + " is not an integer");
    }
    return *whole;
  }

 private:
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
      if (content && kind == Kind::kString) content_ = text.substr(1, text.size() - 2);
      return;
    }
    for (const std::string_view field : kValueFields) {
      if (path.is(2, field)) take(path, 3, kind, text, true);
    }
  }

  std::optional<double> content_element() const {
    for (const ElementType& type : kElementTypes) {
      if (dtype_ != type.name && dtype_ != type.number) continue;
      // Eleven characters hold eight bytes; an escape takes at most six.
      std::array<char, 8> bytes{};
      const std::string text = json::unescaped(content_.substr(0, 72));
      if (!decode_base64_start(text, std::span(bytes).first(type.bytes))) return std::nullopt;
      return type.read(bytes.data());
    }
    return std::nullopt;
  }

  std::optional<double> number_;
  std::string wrong_;
  std::string_view dtype_;
  std::string_view content_;
};

}  // namespace

Result<int> read_route(std::string_view json) {
  RouteReader reader;
  if (const auto problem = json::visit(json, reader)) {
    return Status(Code::kBadUpstream, "the answer to route: " + *problem);
  }
  return reader.route();
}

}  // namespace infergraph::protocol
