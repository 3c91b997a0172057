#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/status.hpp"

namespace infergraph::engine {

/// The model that a stand-in of a model server computes: a softmax regression, scores =
/// softmax(x·W + b); with one output the plain x·W + b. Immutable. Threads: any.
///
/// In a file: words and numbers with space between them, # begins a comment that ends with its
/// line. `inputs N` and `outputs M` come first, then in any order `weights` and N × M numbers, the
/// M of an input together; `biases` and M numbers (zeros without it); and the names, each of which
/// has a default: `signature predict_images`, `input images`, `output scores`.
class SoftmaxModel {
 public:
  struct Names {
    std::string signature = "predict_images";
    std::string input = "images";
    std::string output = "scores";
  };

  /// Most weights that are held: a stand-in is no place for a real model.
  static constexpr std::size_t kMaxWeights = std::size_t{1} << 24;

  /// Errors: kInvalidArgument with the line of what is wrong: "line 3: \"x\" is no number".
  static protocol::Result<SoftmaxModel> read(std::string_view text);

  /// The same weights at each call, from a formula. Precondition: both are at least 1, and there
  /// are at most kMaxWeights weights.
  static SoftmaxModel made(std::size_t inputs, std::size_t outputs);

  /// x / 2 + 2 of a single number, TensorFlow Serving's first example.
  static SoftmaxModel half_plus_two();

  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return biases_.size(); }
  const Names& names() const { return names_; }

  /// The scores of each row, one row after the other. Precondition: whole rows.
  std::vector<float> scores(std::span<const float> rows) const;

 private:
  std::size_t inputs_ = 0;
  std::vector<float> weights_;  // the weights of one input together
  std::vector<float> biases_;
  Names names_;
};

}  // namespace infergraph::engine
