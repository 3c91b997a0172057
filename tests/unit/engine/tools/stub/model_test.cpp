#include "engine/tools/stub/model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace infergraph::engine {
namespace {

using testing::FloatNear;
using testing::HasSubstr;

constexpr const char* kSmall = R"(# two inputs, three classes
inputs 2
outputs 3
weights 1 0 -1
        0 2 0.5   # of the second input
biases 0 0.5 1
signature classify
input x
output y
)";

TEST(SoftmaxModel, ComputesTheSoftmaxOfWeightsAndBiases) {
  const auto model = SoftmaxModel::read(kSmall);
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->inputs(), 2U);
  EXPECT_EQ(model->outputs(), 3U);
  EXPECT_EQ(model->names().signature, "classify");
  EXPECT_EQ(model->names().input, "x");
  EXPECT_EQ(model->names().output, "y");
  // Logits of (1, 2): 1, 4.5, 1. Of (0, 0): the biases.
  const std::vector<float> scores = model->scores(std::vector<float>{1, 2, 0, 0});
  ASSERT_EQ(scores.size(), 6U);
  const double first = 2 * std::exp(1.0) + std::exp(4.5);
  const double second = 1 + std::exp(0.5) + std::exp(1.0);
  const double expected[] = {std::exp(1.0) / first,  std::exp(4.5) / first,
                             std::exp(1.0) / first,  1 / second,
                             std::exp(0.5) / second, std::exp(1.0) / second};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_THAT(scores[i], FloatNear(static_cast<float>(expected[i]), 1e-7F)) << i;
  }
}

TEST(SoftmaxModel, LargeLogitsDoNotOverflow) {
  const auto model = SoftmaxModel::read("inputs 1 outputs 2 weights 1 -1");
  ASSERT_TRUE(model);
  EXPECT_THAT(model->scores(std::vector<float>{1e30F}), testing::ElementsAre(1, 0));
  EXPECT_THAT(model->scores({}), testing::IsEmpty());
}

TEST(SoftmaxModel, TheMadeOneIsTheSameEachTimeAndSumsToOne) {
  const SoftmaxModel model = SoftmaxModel::made(784, 10);
  const std::vector<float> row(784, 0.5F);
  const std::vector<float> scores = model.scores(row);
  ASSERT_EQ(scores.size(), 10U);
  EXPECT_EQ(scores, SoftmaxModel::made(784, 10).scores(row));
  double sum = 0;
  for (const float score : scores) sum += static_cast<double>(score);
  EXPECT_NEAR(sum, 1, 1e-6);
  EXPECT_NE(scores[0], scores[1]);
  EXPECT_EQ(model.names().signature, "predict_images");
}

TEST(SoftmaxModel, SaysInWhichLineAFileIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no weights"},
      {"inputs 2\noutputs 2\nweights 1 2 3", "line 3: expected 4 numbers but found 3"},
      {"inputs 1\noutputs 1\nweights\nx", "line 4: \"x\" is no number"},
      {"inputs 1\noutputs 1\nweights inf", "is no number"},
      {"inputs 0\noutputs 1", "line 1: \"0\" is no size"},
      {"inputs 16777216 outputs 16777216", "more than 16777216 weights"},
      {"weights 1", "before inputs and outputs"},
      {"inputs 1 outputs 1 weights 1 weights 2", "for a second time"},
      {"inputs 1 outputs 1 weights 1 inputs 5", "for a second time"},
      {"layers 3", "\"layers\" is none of"},
      {"inputs", "inputs without a value"},
  };
  for (const auto& [text, told] : cases) {
    const auto model = SoftmaxModel::read(text);
    ASSERT_FALSE(model) << text;
    EXPECT_THAT(model.error().message(), HasSubstr(told));
  }
}

}  // namespace
}  // namespace infergraph::engine
