#include "graph/units/tensor_average.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/codec/elements.hpp"
#include "protocol/convert.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::DataType;
using protocol::Message;
using protocol::Payload;
using protocol::Result;
using protocol::Status;
using protocol::Tensor;

namespace {

Status cannot_combine(const std::string& what, std::size_t child) {
  return Status(Code::kInvalidCombination, what + " (child " + std::to_string(child) + ')');
}

template <typename Real, typename Convert>
std::string packed(const std::vector<double>& values, Convert convert) {
  std::string bytes(values.size() * sizeof(Real), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Real value = convert(values[i]);
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
  return bytes;
}

std::string packed(const std::vector<double>& values, DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return packed<float>(values, [](double value) { return static_cast<float>(value); });
    case DataType::kFloat16:
      return packed<std::uint16_t>(values, protocol::to_float16);
    case DataType::kBfloat16:
      return packed<std::uint16_t>(values, protocol::to_bfloat16);
    default:
      return packed<double>(values, [](double value) { return value; });
  }
}

// The tensor of `message` that is averaged with `like`.
const Tensor* counterpart(const Message& message, const Tensor& like, bool is_only) {
  if (is_only && message.tensors.size() == 1) return &message.tensors.front();
  const auto found = std::find_if(message.tensors.begin(), message.tensors.end(),
                                  [&](const Tensor& tensor) { return tensor.name == like.name; });
  return found == message.tensors.end() ? nullptr : &*found;
}

Result<std::vector<double>> numbers_of(const Tensor& tensor, std::size_t child) {
  auto numbers = protocol::to_doubles(tensor);
  if (!numbers) {
    return cannot_combine("tensor \"" + tensor.name + "\": " + numbers.error().message(), child);
  }
  return numbers;
}

}  // namespace

Result<Payload> average_tensors(const std::vector<Payload>& answers, std::size_t max_decoded) {
  std::vector<Message> messages;
  for (std::size_t child = 0; child < answers.size(); ++child) {
    auto message = protocol::decode(answers[child], max_decoded);
    if (!message) {
      return Status(Code::kBadUpstream, "the answer of child " + std::to_string(child) + ": " +
                                            message.error().message());
    }
    const bool has_tensors =
        message->content == protocol::Content::kData && !message->tensors.empty();
    if (!has_tensors) return cannot_combine("Combiner cannot extract data shape", child);
    messages.push_back(*std::move(message));
  }
  Message& first = messages.front();
  const bool is_only = first.tensors.size() == 1;
  for (Tensor& tensor : first.tensors) {
    auto mean = numbers_of(tensor, 0);
    if (!mean) return mean.error();
    for (std::size_t child = 1; child < messages.size(); ++child) {
      const Tensor* other = counterpart(messages[child], tensor, is_only);
      if (other == nullptr) return cannot_combine("no tensor \"" + tensor.name + '"', child);
      if (other->shape != tensor.shape) {
        return cannot_combine("tensor \"" + tensor.name + "\" has another shape than child 0's",
                              child);
      }
      const auto numbers = numbers_of(*other, child);
      if (!numbers) return numbers.error();
      for (std::size_t i = 0; i < mean->size(); ++i) (*mean)[i] += (*numbers)[i];
    }
    for (double& value : *mean) value /= static_cast<double>(answers.size());
    if (!protocol::is_float(tensor.type)) tensor.type = DataType::kFloat64;
    tensor.data = first.keep(packed(*mean, tensor.type));
  }
  return protocol::encode(first, answers.front());
}

}  // namespace infergraph::graph
