#include "graph/units/tensor_average.hpp"

#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/convert/convert.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/work.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::DataType;
using protocol::Message;
using protocol::Payload;
using protocol::Result;
using protocol::Status;
using protocol::Tensor;

namespace {

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

// One tensor's mean: as long as every child's is a constant, so is it, and one number.
struct Sum {
  std::vector<double> values;
  bool is_constant = false;
};

Result<Sum> numbers_of(const Tensor& tensor, std::size_t child) {
  auto numbers = protocol::to_doubles(tensor);
  if (!numbers) {
    return cannot_combine("tensor \"" + tensor.name + "\": " + numbers.error().message(), child);
  }
  return Sum{*std::move(numbers), tensor.is_constant};
}

void add(Sum& sum, const Sum& more, std::size_t count) {
  if (sum.is_constant && !more.is_constant) {
    sum.values.resize(count, sum.values.front());
    sum.is_constant = false;
  }
  const std::size_t step = more.is_constant ? 0 : 1;
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += more.values[i * step];
}

class TensorAverage {
 public:
  Result<void> add(Message message, std::size_t child) {
    const bool has_tensors =
        message.content == protocol::Content::kData && !message.tensors.empty();
    if (!has_tensors) return cannot_combine("Combiner cannot extract data shape", child);
    return child == 0 ? begin(std::move(message)) : add_to(message, child);
  }

  Result<Payload> finish(const Payload& like, std::size_t children) {
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      Tensor& tensor = first_.tensors[i];
      std::vector<double>& mean = sums_[i].values;
      for (double& value : mean) value /= static_cast<double>(children);
      if (!protocol::is_float(tensor.type)) tensor.type = DataType::kFloat64;
      tensor.data = first_.keep(packed(mean, tensor.type));
      tensor.is_constant = sums_[i].is_constant;
      std::vector<double>().swap(mean);
    }
    return protocol::encode(first_, like);
  }

 private:
  Result<void> begin(Message message) {
    first_ = std::move(message);
    for (Tensor& tensor : first_.tensors) {
      auto numbers = numbers_of(tensor, 0);
      if (!numbers) return numbers.error();
      sums_.push_back(*std::move(numbers));
      tensor.data = {};
    }
    // Only the numbers were needed, and all else is strings of its own.
    first_.made.clear();
    first_.parsed.clear();
    let_go(first_.source);
    return {};
  }

  Result<void> add_to(const Message& message, std::size_t child) {
    const bool is_only = first_.tensors.size() == 1 && message.tensors.size() == 1;
    std::unordered_map<std::string_view, const Tensor*> by_name;
    for (const Tensor& tensor : message.tensors) by_name.try_emplace(tensor.name, &tensor);
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const Tensor& tensor = first_.tensors[i];
      const auto found = by_name.find(tensor.name);
      const Tensor* const other = is_only                  ? &message.tensors.front()
                                  : found == by_name.end() ? nullptr
                                                           : found->second;
      if (other == nullptr) return cannot_combine("no tensor \"" + tensor.name + '"', child);
      if (other->shape != tensor.shape) {
        return cannot_combine("tensor \"" + tensor.name + "\" has another shape than child 0's",
                              child);
      }
      const auto numbers = numbers_of(*other, child);
      if (!numbers) return numbers.error();
      graph::add(sums_[i], *numbers, protocol::count_of(tensor.shape));
    }
    return {};
  }

  Message first_;
  std::vector<Sum> sums_;
};

}  // namespace

Status cannot_combine(const std::string& what, std::size_t child) {
  return Status(Code::kInvalidCombination, what + " (child " + std::to_string(child) + ')');
}

void let_go(Payload& answer) {
  constexpr std::size_t kSmall = std::size_t{64} << 10U;
  if (answer.size() <= kSmall) return;
  Payload rest;
  rest.set_protocol(answer.protocol());
  rest.set_encoding(answer.encoding());
  rest.set_origin(answer.origin());
  rest.set_model(answer.model());
  answer = std::move(rest);
}

Result<Payload> average_tensors(std::vector<Payload>& answers, std::size_t max_decoded) {
  const protocol::WorkScope scope{std::span<const Payload>(answers)};
  TensorAverage average;
  for (std::size_t child = 0; child < answers.size(); ++child) {
    auto message = protocol::decode(answers[child], max_decoded);
    if (!message) {
      const Status status = protocol::why_ended(message.error());
      const Code code = status.code() == Code::kCancelled ? status.code() : Code::kBadUpstream;
      return Status(code, "the answer of child " + std::to_string(child) + ": " + status.message());
    }
    auto added = average.add(*std::move(message), child);
    if (!added) return protocol::why_ended(added.error());
    let_go(answers[child]);
  }
  return average.finish(answers.front(), answers.size());
}

}  // namespace infergraph::graph
