// Everything that reads messages of protocol tensorflow. The first byte says what the rest is taken
// for: JSON or proto, a request or an answer, of Predict or of the methods with examples.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/json/json.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensorflow/codec.hpp"
#include "protocol/tensorflow/metadata.hpp"
#include "tests/support/bounds.hpp"

namespace {

using namespace infergraph::protocol;  // NOLINT(google-build-using-namespace)

const ModelProfile kProfile{.name = "m", .signature_name = "s"};

void require(bool holds) {
  if (!holds) std::abort();
}

Payload payload_of(std::string_view bytes, Encoding encoding) {
  return encoding == Encoding::kJson ? Payload::json(std::string(bytes))
                                     : Payload::proto(std::string(bytes));
}

template <typename T>
void require_short(const Result<T>& result) {
  require(result.error().message().size() < 4000);
}

/// The elements of a tensor in a form that doesn't depend on how they are nested.
std::string elements_of(const Tensor& tensor) {
  std::string out;
  if (tensor.type == DataType::kUnknown) {
    require(append_flat(out, tensor, {}).has_value());
  } else if (tensor.type == DataType::kBytes) {
    for (const std::string_view one : tensor.strings) {
      std::string element = std::to_string(one.size()) + ':';
      element += one;
      RawElements{element, tensor.is_constant ? count_of(tensor.shape) : 1}.append_to(out);
    }
  } else {
    RawElements{tensor.data, tensor.is_constant ? count_of(tensor.shape) : 1}.append_to(out);
  }
  return out;
}

/// A request may lose the name of its only tensor, and a shape without elements its last part.
void require_same(const Message& left, const Message& right) {
  require(left.tensors.size() == right.tensors.size());
  for (std::size_t i = 0; i < left.tensors.size(); ++i) {
    const Tensor& one = left.tensors[i];
    const Tensor& other = right.tensors[i];
    require(left.tensors.size() == 1 || one.name == other.name);
    require(elements_of(one) == elements_of(other));
    if (count_of(one.shape) > 0) require(one.shape == other.shape && one.type == other.type);
  }
}

void try_json(const Payload& payload, Role role) {
  auto message = read_tensorflow_json(payload, role);
  if (!message) {
    require_short(message);
    return;
  }
  const auto request = write_tensorflow_request_json(*message, {});
  require(request.has_value());
  require(!json::check(request->bytes()).has_value());
  const auto again = read_tensorflow_json(*request, Role::kRequest);
  require(again.has_value());
  require_same(*message, *again);
  for (const bool by_column : {false, true}) {
    const auto answer = write_tensorflow_answer_json(*message, {.by_column = by_column});
    if (!answer) continue;  // no rows, or bytes that are no text
    const auto read = read_tensorflow_json(*answer, Role::kAnswer);
    require(read.has_value() || (message->tensors.size() > 1 && !by_column));
    if (read) require_same(*message, *read);
    const auto chained = chain_tensorflow_json(*answer, kProfile);
    require(chained.has_value());
    const auto next = read_tensorflow_json(*chained, Role::kRequest);
    if (next) require(next->signature_name == "s");
  }
  for (Tensor& tensor : message->tensors) {
    auto typed = with_guessed_type(*message, tensor, DataType::kFloat32);
    if (!typed) return;
    tensor = *std::move(typed);
  }
  const auto proto = write_tensorflow_request_proto(*message, kProfile);
  require(proto.has_value());
  const auto back = read_tensorflow_proto(*proto, Role::kRequest);
  require(back.has_value() && back->tensors.size() == message->tensors.size());
}

void try_proto(const Payload& payload, Role role) {
  auto message = read_tensorflow_proto(payload, role);
  if (!message) {
    require_short(message);
    return;
  }
  const auto answer = write_tensorflow_answer_proto(*message, kProfile);
  require(answer.has_value());
  const auto again = read_tensorflow_proto(*answer, Role::kAnswer);
  require(again.has_value());
  require_same(*message, *again);
  const auto chained = chain_tensorflow_proto(*answer, kProfile);
  require(chained.has_value() != message->tensors.empty());
  if (chained) {
    const auto next = read_tensorflow_proto(*chained, Role::kRequest);
    require(next.has_value());
    require_same(*message, *next);
  }
  const auto json = write_tensorflow_answer_json(*message, {.by_column = true});
  if (!json) {
    require_short(json);
    return;
  }
  require(!json::check(json->bytes()).has_value());
  // Half precision is written, but what JSON holds says no type.
  std::vector<TensorInfo> types;
  for (const Tensor& tensor : message->tensors) types.push_back({tensor.name, tensor.type});
  (void)read_tensorflow_json(*json, Role::kAnswer, types);
}

void try_examples(const Payload& payload, Role role, bool is_regression) {
  const bool is_json = payload.encoding() == Encoding::kJson;
  const Encoding other = is_json ? Encoding::kProto : Encoding::kJson;
  const auto there = convert_examples(payload, role, is_regression, other, kProfile);
  if (!there) {
    require_short(there);
    return;
  }
  const auto back = convert_examples(*there, role, is_regression, payload.encoding(), kProfile);
  if (!back) {
    // A request without any example is read from proto only.
    require(!is_json && role == Role::kRequest);
    return;
  }
  const auto same = convert_examples(*back, role, is_regression, other, kProfile);
  require(same.has_value());
  if (!is_json) require(same->bytes() == there->bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const infergraph::fuzz::Bounded bounded("tensorflow_codec", size,
                                          infergraph::fuzz::Bound::of_all(30));
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const unsigned how = data[0];
  const Encoding encoding = (how & 1U) == 0 ? Encoding::kJson : Encoding::kProto;
  const Role role = (how & 2U) == 0 ? Role::kRequest : Role::kAnswer;
  const Payload payload = payload_of(bytes, encoding);
  (void)read_tensorflow_traits(payload);
  if ((how & 4U) != 0) {
    try_examples(payload, role, (how & 8U) != 0);
  } else if ((how & 8U) != 0) {
    (void)read_tensorflow_metadata(payload, "");
    const Encoding other = encoding == Encoding::kJson ? Encoding::kProto : Encoding::kJson;
    (void)convert_tensorflow_metadata(payload, other);
    (void)convert_tensorflow_status(payload, other);
    (void)chain_tensorflow_json(payload, kProfile);
    (void)chain_tensorflow_proto(payload, kProfile);
  } else if (encoding == Encoding::kJson) {
    try_json(payload, role);
  } else {
    try_proto(payload, role);
  }
  return 0;
}
