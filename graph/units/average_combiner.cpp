#include "graph/units/average_combiner.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "graph/units/tensor_average.hpp"
#include "protocol/codec/seldon_data.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::DataKind;
using protocol::MessageText;
using protocol::NumericArray;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

namespace {

/// One child's answer; the text borrows from `body`.
struct Answer {
  Payload body;
  MessageText text;
  NumericArray numbers;
};

Status cannot_combine(const std::string& what, std::size_t child) {
  return Status(Code::kInvalidCombination, what + " (child " + std::to_string(child) + ')');
}

// Source of the texts: contract/engine_java.md §5.
Result<Answer> read_answer(const Payload& payload, std::size_t child, std::size_t max_decoded) {
  const std::string whose = "the answer of child " + std::to_string(child) + ": ";
  Result<Payload> body = as_json(payload, max_decoded);
  if (!body) return Status(body.error().code(), whose + body.error().message());
  const Result<MessageText> text = protocol::read_message(body->bytes());
  if (!text) return Status(Code::kBadUpstream, whose + text.error().message());
  const bool shaped = text->kind == DataKind::kNdarray ||
                      (text->kind == DataKind::kTensor && !text->tensor_shape.empty());
  if (!shaped) return cannot_combine("Combiner cannot extract data shape", child);
  Result<NumericArray> numbers = protocol::read_numbers(*text);
  if (!numbers) return Status(Code::kInvalidCombination, whose + numbers.error().message());
  if (numbers->shape.size() != 2) {
    return cannot_combine("Combiner received data that is not 2 dimensional", child);
  }
  return Answer{std::move(*body), *text, std::move(*numbers)};
}

std::string write(const MessageText& text, const NumericArray& mean) {
  std::string out;
  out.reserve(text.status.size() + text.meta.size() + text.names.size() + 64 +
              mean.values.size() * 20);
  const auto member = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out.append(name).append(value).append(",");
  };
  out += '{';
  member(R"("status":)", text.status);
  member(R"("meta":)", text.meta);
  out += R"("data":{)";
  member(R"("names":)", text.names);
  protocol::append_numbers(out, text.kind, mean);
  out += "}}";
  return out;
}

Result<Payload> average(const std::vector<Payload>& answers, std::size_t max_decoded) {
  if (answers.empty()) return Status(Code::kInvalidCombination, "Combiner received no inputs");
  Result<Answer> first = read_answer(answers.front(), 0, max_decoded);
  if (!first) return first.error();
  NumericArray& mean = first->numbers;
  for (std::size_t child = 1; child < answers.size(); ++child) {
    const Result<Answer> next = read_answer(answers[child], child, max_decoded);
    if (!next) return next.error();
    for (std::size_t dimension = 0; dimension < 2; ++dimension) {
      const std::size_t expected = mean.shape[dimension];
      const std::size_t found = next->numbers.shape[dimension];
      if (expected == found) continue;
      return cannot_combine("Expected batch length " + std::to_string(expected) + " but found " +
                                std::to_string(found),
                            child);
    }
    for (std::size_t i = 0; i < mean.values.size(); ++i) {
      mean.values[i] += next->numbers.values[i];
    }
  }
  for (double& value : mean.values) value /= static_cast<double>(answers.size());
  return Payload::json(write(first->text, mean));
}

}  // namespace

Awaitable<Result<Payload>> AverageCombiner::aggregate(std::vector<Payload> answers, CallContext&) {
  const bool seldon = std::all_of(answers.begin(), answers.end(), [](const Payload& answer) {
    return answer.protocol() == protocol::Protocol::kSeldon;
  });
  co_return seldon ? average(answers, max_decoded_) : average_tensors(answers, max_decoded_);
}

}  // namespace infergraph::graph
