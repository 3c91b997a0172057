#pragma once

// What the targets of the codecs have in common: a message that can be read crosses to every form,
// and what is written can be read again.

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/convert/convert.hpp"
#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "tests/support/bounds.hpp"

namespace infergraph::fuzz {

using namespace infergraph::protocol;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kMost = std::size_t{1} << 24U;

inline void require(bool holds) {
  if (!holds) std::abort();
}

inline Payload payload_of(std::string_view bytes, Protocol protocol, Encoding encoding, Role role) {
  Payload made = encoding == Encoding::kJson ? Payload::json(std::string(bytes))
                                             : Payload::proto(std::string(bytes));
  made.set_protocol(protocol);
  if (role == Role::kAnswer) made.set_origin("node");
  return made;
}

/// The elements of a tensor, whatever way they are held.
inline std::string elements_of(Message& message, const Tensor& tensor) {
  std::string out;
  // NaN has many forms in bytes, but only one in JSON.
  const bool real = tensor.type == DataType::kFloat16 || tensor.type == DataType::kBfloat16 ||
                    tensor.type == DataType::kFloat32 || tensor.type == DataType::kFloat64;
  if (real && append_flat(out, tensor, {})) return out;
  if (tensor.type != DataType::kUnknown) {
    const auto raw = to_raw(message, tensor);
    require(raw.has_value());
    raw->append_to(out);
    return out;
  }
  require(append_flat(out, tensor, {}).has_value() || count_of(tensor.shape) == 0);
  return out;
}

inline void require_same(Message& left, Message& right) {
  require(left.tensors.size() == right.tensors.size());
  for (std::size_t i = 0; i < left.tensors.size(); ++i) {
    const Tensor& one = left.tensors[i];
    const Tensor& other = right.tensors[i];
    require(one.type == other.type && one.name == other.name);
    require(elements_of(left, one) == elements_of(right, other));
    if (count_of(one.shape) > 0) require(one.shape == other.shape);
  }
}

/// To every protocol and encoding, in the role that it has: made well, or refused with a short
/// text.
inline void cross(const Payload& payload, Role role) {
  static const ModelProfile model = [] {
    ModelProfile made;
    made.name = "m";
    made.signature.inputs = {{"x", DataType::kInt64, {-1}, false}};
    return made;
  }();
  for (const Protocol protocol : {Protocol::kSeldon, Protocol::kTensorflow, Protocol::kV2}) {
    for (const Encoding encoding : {Encoding::kJson, Encoding::kProto}) {
      Target target;
      target.protocol = protocol;
      target.encoding = encoding;
      target.role = role;
      target.max_decoded = kMost;
      for (const ModelProfile* known : std::array<const ModelProfile*, 2>{nullptr, &model}) {
        target.model = known;
        const Bounded bounded("convert", payload.size());
        const auto made = convert(payload, target);
        if (!made) {
          require(made.error().message().size() < 4000);
          continue;
        }
        bounded.made(made->size());
        const std::string_view bytes = made->bytes();
        const std::size_t json_size = made->json_size().value_or(bytes.size());
        require(json_size <= bytes.size());
        const bool is_new = bytes.data() != payload.bytes().data();
        if (encoding == Encoding::kJson && is_new) {
          require(!json::check(bytes.substr(0, json_size)).has_value());
        }
      }
    }
  }
}

}  // namespace infergraph::fuzz
