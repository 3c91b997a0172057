// What AVERAGE_COMBINER takes: docs/architecture.md, «Work has bounds».
#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "graph/units/average_combiner.hpp"
#include "inference/grpc_service.pb.h"
#include "tensorflow_serving/predict.pb.h"
#include "tests/support/bounds.hpp"

namespace infergraph::graph {
namespace {

using fuzz::Bound;
using fuzz::Bounded;
using protocol::Payload;
using protocol::Protocol;
using protocol::Result;

constexpr std::size_t kLimit = std::size_t{1} << 30U;
constexpr std::size_t kChildren = 4;

Result<Payload> averaged(std::vector<Payload> answers) {
  AverageCombiner unit(kLimit);
  CallContext context;
  boost::asio::io_context loop;
  std::optional<Result<Payload>> result;
  boost::asio::co_spawn(loop, unit.aggregate(std::move(answers), context),
                        [&](const std::exception_ptr& thrown, Result<Payload> value) {
                          ASSERT_FALSE(thrown);
                          result = std::move(value);
                        });
  loop.run();
  return *std::move(result);
}

// Beyond the answers themselves, which came: for each byte of one of them, whatever their number.
Bound of_one(double factor) {
  Bound bound;
  bound.peak = {factor, Bound::kMebi};
  return bound;
}

TEST(AverageMemory, OfJsonIsTwiceOneAnswer) {
  std::string text = R"({"data":{"ndarray":[)";
  for (int row = 0; row < 50'000; ++row) text += row > 0 ? ",[1.2345678,2.5]" : "[1.2345678,2.5]";
  text += "]}}";
  std::vector<Payload> answers;
  for (std::size_t child = 0; child < kChildren; ++child) answers.push_back(Payload::json(text));
  const Bounded bounded("the mean of JSON", text.size(), of_one(3));
  EXPECT_TRUE(averaged(std::move(answers)));
}

TEST(AverageMemory, OfTensorsIsAFewTimesOneAnswer) {
  inference::ModelInferResponse response;
  auto& output = *response.add_outputs();
  output.set_name("y");
  output.set_datatype("FP32");
  output.add_shape(500'000);
  response.add_raw_output_contents(std::string(2'000'000, '\0'));
  const std::string wire = response.SerializeAsString();
  std::vector<Payload> answers;
  for (std::size_t child = 0; child < kChildren; ++child) {
    answers.push_back(Payload::proto(wire));
    answers.back().set_protocol(Protocol::kV2);
    answers.back().set_origin("node");
  }
  // Two lists of doubles: the sum's and one child's.
  const Bounded bounded("the mean of tensors", wire.size(), of_one(5));
  EXPECT_TRUE(averaged(std::move(answers)));
}

Payload constant(std::int64_t count, float value) {
  tensorflow::serving::PredictResponse response;
  auto& tensor = (*response.mutable_outputs())["y"];
  tensor.set_dtype(tensorflow::DT_FLOAT);
  tensor.mutable_tensor_shape()->add_dim()->set_size(count);
  tensor.add_float_val(value);
  Payload made = Payload::proto(response.SerializeAsString());
  made.set_protocol(Protocol::kTensorflow);
  made.set_origin("node");
  return made;
}

TEST(AverageMemory, OfConstantsIsBound) {
  {
    const Bounded bounded("the mean of huge constants", 200, {.peak = {0, Bound::kMebi}});
    const auto made = averaged({constant(1'000'000'000'000, 1), constant(1'000'000'000'000, 2)});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code(), protocol::Code::kBadUpstream);
  }
  const auto made = averaged({constant(3, 1), constant(3, 2)});
  ASSERT_TRUE(made);
  tensorflow::serving::PredictResponse response;
  ASSERT_TRUE(response.ParseFromString(std::string(made->bytes())));
  const auto& values = response.outputs().at("y").float_val();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), std::vector<float>(3, 1.5F));
}

TEST(AverageMemory, OfAConstantAndATensorIsATensor) {
  tensorflow::serving::PredictResponse response;
  auto& tensor = (*response.mutable_outputs())["y"];
  tensor.set_dtype(tensorflow::DT_FLOAT);
  tensor.mutable_tensor_shape()->add_dim()->set_size(3);
  for (const float value : {1.0F, 2.0F, 3.0F}) tensor.add_float_val(value);
  Payload dense = Payload::proto(response.SerializeAsString());
  dense.set_protocol(Protocol::kTensorflow);
  dense.set_origin("node");
  for (const bool constant_first : {true, false}) {
    const auto made =
        constant_first ? averaged({constant(3, 3), dense}) : averaged({dense, constant(3, 3)});
    ASSERT_TRUE(made);
    ASSERT_TRUE(response.ParseFromString(std::string(made->bytes())));
    const auto& values = response.outputs().at("y").float_val();
    EXPECT_EQ(std::vector<float>(values.begin(), values.end()),
              (std::vector<float>{2.0F, 2.5F, 3.0F}));
  }
}

}  // namespace
}  // namespace infergraph::graph
