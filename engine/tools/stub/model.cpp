#include "engine/tools/stub/model.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace infergraph::engine {

using protocol::Code;
using protocol::Result;
using protocol::Status;

namespace {

/// The words of a weights file, with the line of the last one.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}

  /// The next one; empty at the end.
  std::string_view next() {
    for (;;) {
      const std::size_t begin = text_.find_first_not_of(" \t\r", at_);
      if (begin == std::string_view::npos) return {};
      at_ = begin;
      if (text_[at_] == '\n') {
        ++line_;
        ++at_;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        break;
      }
    }
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n#", at_), text_.size());
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    return word;
  }

  Status wrong(std::string why) const {
    return {Code::kInvalidArgument, "line " + std::to_string(line_) + ": " + std::move(why)};
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

template <typename T>
bool read_number_of(std::string_view word, T& into) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
  return error == std::errc() && end == word.data() + word.size();
}

Result<std::vector<float>> read_floats(Words& words, std::size_t count) {
  std::vector<float> made;
  made.reserve(count);
  while (made.size() < count) {
    const std::string_view word = words.next();
    if (word.empty()) {
      return words.wrong("expected " + std::to_string(count) + " numbers but found " +
                         std::to_string(made.size()));
    }
    float value = 0;
    if (!read_number_of(word, value) || !std::isfinite(value)) {
      return words.wrong("\"" + std::string(word) + "\" is no number");
    }
    made.push_back(value);
  }
  return made;
}

}  // namespace

Result<SoftmaxModel> SoftmaxModel::read(std::string_view text) {
  SoftmaxModel made;
  Words words(text);
  std::size_t outputs = 0;
  for (std::string_view key = words.next(); !key.empty(); key = words.next()) {
    const bool has_sizes = made.inputs_ > 0 && outputs > 0;
    if (key == "weights" || key == "biases") {
      if (!has_sizes) return words.wrong(std::string(key) + " before inputs and outputs");
      auto& into = key == "weights" ? made.weights_ : made.biases_;
      if (!into.empty()) return words.wrong(std::string(key) + " for a second time");
      auto numbers = read_floats(words, key == "weights" ? made.inputs_ * outputs : outputs);
      if (!numbers) return numbers.error();
      into = *std::move(numbers);
      continue;
    }
    const std::string_view value = words.next();
    if (value.empty()) return words.wrong(std::string(key) + " without a value");
    if (key == "inputs" || key == "outputs") {
      if (has_sizes) return words.wrong(std::string(key) + " for a second time");
      std::size_t& size = key == "inputs" ? made.inputs_ : outputs;
      if (!read_number_of(value, size) || size == 0 || size > kMaxWeights) {
        return words.wrong("\"" + std::string(value) + "\" is no size");
      }
      if (made.inputs_ > 0 && outputs > kMaxWeights / made.inputs_) {
        return words.wrong("more than " + std::to_string(kMaxWeights) + " weights");
      }
    } else if (key == "signature") {
      made.names_.signature = value;
    } else if (key == "input") {
      made.names_.input = value;
    } else if (key == "output") {
      made.names_.output = value;
    } else {
      return words.wrong("\"" + std::string(key) +
                         "\" is none of inputs, outputs, weights, biases, signature, input, "
                         "output");
    }
  }
  if (made.weights_.empty()) return words.wrong("no weights");
  if (made.biases_.empty()) made.biases_.resize(outputs);
  return made;
}

SoftmaxModel SoftmaxModel::made(std::size_t inputs, std::size_t outputs) {
  // Small, of both signs, and other for each output; the moduli are prime, so nothing repeats soon.
  constexpr std::uint64_t kSteps = 23;
  SoftmaxModel made;
  made.inputs_ = inputs;
  made.weights_.reserve(inputs * outputs);
  for (std::uint64_t i = 0; i < inputs; ++i) {
    for (std::uint64_t j = 0; j < outputs; ++j) {
      const auto step = static_cast<int>((i * 7 + j * 13 + i * j * 3) % kSteps);
      made.weights_.push_back(static_cast<float>(step - 11) / 64);
    }
  }
  for (std::uint64_t j = 0; j < outputs; ++j) {
    made.biases_.push_back(static_cast<float>(static_cast<int>(j * 5 % 7) - 3) / 16);
  }
  return made;
}

SoftmaxModel SoftmaxModel::half_plus_two() {
  SoftmaxModel made;
  made.inputs_ = 1;
  made.weights_ = {0.5F};
  made.biases_ = {2};
  return made;
}

std::vector<float> SoftmaxModel::scores(std::span<const float> rows) const {
  const std::size_t outputs = biases_.size();
  std::vector<float> made;
  made.reserve(rows.size() / inputs_ * outputs);
  std::vector<double> sums(outputs);
  for (; rows.size() >= inputs_; rows = rows.subspan(inputs_)) {
    std::copy(biases_.begin(), biases_.end(), sums.begin());
    const float* weight = weights_.data();
    for (std::size_t i = 0; i < inputs_; ++i) {
      for (double& sum : sums) sum += static_cast<double>(rows[i]) * *weight++;
    }
    if (outputs == 1) {
      made.push_back(static_cast<float>(sums[0]));
      continue;
    }
    // Without the largest taken away, the exponential of it may be infinite.
    const double largest = *std::max_element(sums.begin(), sums.end());
    double total = 0;
    for (double& sum : sums) total += sum = std::exp(sum - largest);
    for (const double sum : sums) made.push_back(static_cast<float>(sum / total));
  }
  return made;
}

}  // namespace infergraph::engine
