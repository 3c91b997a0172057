#include "graph/units/average_combiner.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/units/tensor_average.hpp"
#include "graph/work_place.hpp"
#include "protocol/seldon/data.hpp"
#include "protocol/work.hpp"

namespace infergraph::graph {

using protocol::Code;
using protocol::DataKind;
using protocol::MessageText;
using protocol::NumericArray;
using protocol::Payload;
using protocol::Result;
using protocol::Status;

namespace {

// What the answer is made of beside the numbers: child 0's.
struct Rest {
  std::string status;
  std::string meta;
  std::string names;
  DataKind kind = DataKind::kNone;
};

std::string write(const Rest& rest, const NumericArray& mean, std::size_t expected) {
  std::string out;
  out.reserve(rest.status.size() + rest.meta.size() + rest.names.size() + 64 + expected);
  const auto member = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out.append(name).append(value).append(",");
  };
  out += '{';
  member(R"("status":)", rest.status);
  member(R"("meta":)", rest.meta);
  out += R"("data":{)";
  member(R"("names":)", rest.names);
  protocol::append_numbers(out, rest.kind, mean);
  out += "}}";
  return out;
}

// Reads the children's answers one after the other into the sum, and holds no more of them than
// that. Source of the texts: docs/wire/graph.md §9.
class Average {
 public:
  explicit Average(std::size_t max_decoded) : max_decoded_(max_decoded) {}

  Result<void> add(const Payload& payload, std::size_t child) {
    const std::string whose = "the answer of child " + std::to_string(child) + ": ";
    const Result<Payload> body = as_json(payload, max_decoded_);
    if (!body) return Status(body.error().code(), whose + body.error().message());
    const Result<MessageText> text = protocol::read_message(body->bytes());
    if (!text) return Status(Code::kBadUpstream, whose + text.error().message());
    const bool shaped = text->kind == DataKind::kNdarray ||
                        (text->kind == DataKind::kTensor && !text->tensor_shape.empty());
    if (!shaped) return cannot_combine("Combiner cannot extract data shape", child);
    auto shape = child == 0 ? begin(*text) : protocol::add_numbers(*text, sum_);
    if (!shape) return Status(Code::kInvalidCombination, whose + shape.error().message());
    if (shape->size() != 2) {
      return cannot_combine("Combiner received data that is not 2 dimensional", child);
    }
    for (std::size_t dimension = 0; dimension < 2; ++dimension) {
      const std::size_t expected = sum_.shape[dimension];
      const std::size_t found = (*shape)[dimension];
      if (expected == found) continue;
      return cannot_combine("Expected batch length " + std::to_string(expected) + " but found " +
                                std::to_string(found),
                            child);
    }
    return {};
  }

  Result<Payload> finish(std::size_t children) {
    for (double& value : sum_.values) value /= static_cast<double>(children);
    // A mean has more digits than what it is of, but not twice as many as a double's text.
    constexpr std::size_t kMostDigits = 20;
    const std::size_t expected =
        std::min(sum_.values.size() * kMostDigits, numbers_text_ + numbers_text_ / 4);
    return Payload::json(write(rest_, sum_, expected));
  }

 private:
  Result<std::vector<std::size_t>> begin(const MessageText& text) {
    auto numbers = protocol::read_numbers(text);
    if (!numbers) return numbers.error();
    sum_ = *std::move(numbers);
    rest_ = {std::string(text.status), std::string(text.meta), std::string(text.names), text.kind};
    numbers_text_ = text.content_text.size();
    return sum_.shape;
  }

  std::size_t max_decoded_;
  NumericArray sum_;
  Rest rest_;
  std::size_t numbers_text_ = 0;
};

Result<Payload> average(std::vector<Payload>& answers, std::size_t max_decoded) {
  if (answers.empty()) return Status(Code::kInvalidCombination, "Combiner received no inputs");
  const protocol::WorkScope scope{std::span<const Payload>(answers)};
  Average made(max_decoded);
  for (std::size_t child = 0; child < answers.size(); ++child) {
    if (auto added = made.add(answers[child], child); !added) {
      return protocol::why_ended(added.error());
    }
    let_go(answers[child]);
  }
  return made.finish(answers.size());
}

}  // namespace

Awaitable<Result<Payload>> AverageCombiner::aggregate(std::vector<Payload> answers,
                                                      CallContext& context) {
  const bool seldon = std::all_of(answers.begin(), answers.end(), [](const Payload& answer) {
    return answer.protocol() == protocol::Protocol::kSeldon;
  });
  const auto combine = [&] {
    return seldon ? average(answers, max_decoded_) : average_tensors(answers, max_decoded_);
  };
  auto made = try_here(context, size_of(answers), combine);
  if (!made) made = co_await elsewhere(context, size_of(answers), combine);
  co_return *std::move(made);
}

}  // namespace infergraph::graph
