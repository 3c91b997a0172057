#include "graph/spec/text/problems.hpp"

#include <gmock/gmock.h>

#include <string>

#include "graph/spec/component_advice.hpp"
#include "graph/spec/ignored.hpp"
#include "graph/spec/parameter_advice.hpp"
#include "graph/spec/schema.hpp"
#include "graph/spec/text/json_tree.hpp"
#include "tests/support/bounds.hpp"

namespace infergraph::graph {
namespace {

using ::testing::SizeIs;

Problems full() {
  Problems problems;
  for (std::size_t i = 0; i < Problems::kMost; ++i) problems.add(std::to_string(i), "");
  return problems;
}

// Words take memory, some hundred bytes for each message.
constexpr fuzz::Bound kWithoutWords{.peak = {0, 1 << 30}, .total = {120, 1 << 10}, .seconds = {}};
constexpr std::size_t kMany = 1'000;

TEST(Problems, MakeNoMessageThatNobodyReads) {
  int made = 0;
  const auto message = [&] { return std::to_string(++made); };
  Problems problems;
  const Place place("a");
  problems.add(place, message);
  problems.add(place, message);
  EXPECT_EQ(made, 1) << "of one place the first stands";
  EXPECT_THAT(problems.take(), SizeIs(1));
  problems = full();
  problems.add(place, message);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(problems.take().back().message, "and 1 more");
}

TEST(Problems, ContainersAreNotComparedForNothing) {
  PredictorReading reading;
  const std::string name(60, 'a');
  for (std::size_t i = 0; i < kMany; ++i) {
    reading.containers.push_back({.name = name, .component = i, .path = "containers"});
  }
  NodeSpec node;
  node.name = std::string(60, 'b');
  reading.predictor.nodes.push_back(node);
  const ContainerNames names(reading);
  Problems warnings = full();
  const fuzz::Bounded bounded("containers", kMany, kWithoutWords);
  names.advise_unused(warnings);
}

TEST(Problems, ParametersAreNotComparedForNothing) {
  NodeSpec node;
  node.implementation = Implementation::kPrepackaged;
  node.implementation_name = "SKLEARN_SERVER";
  for (std::size_t i = 0; i < kMany; ++i) node.parameters.push_back({"modle_uri", "x", "STRNG"});
  Problems warnings = full();
  const fuzz::Bounded bounded("parameters", kMany, kWithoutWords);
  advise_parameters(node, warnings);
}

TEST(Problems, VariablesAreNotComparedForNothing) {
  Problems warnings = full();
  const fuzz::Bounded bounded("variables", kMany, kWithoutWords);
  for (std::size_t i = 0; i < kMany; ++i) {
    advise_variable("GOMAXPROC", "1", nullptr, Place("variable"), warnings);
  }
}

TEST(Problems, ARepeatedKeyIsComparedOnce) {
  std::string text = "{";
  for (std::size_t i = 0; i < kMany; ++i) text += R"("implementatoin": 1,)";
  text.back() = '}';
  SyntaxFault fault;
  const auto tree = parse_json(text, fault);
  ASSERT_TRUE(tree);
  Problems warnings;
  {
    const fuzz::Bounded bounded("keys", kMany, kWithoutWords);
    check_keys(tree->root(), Place("node"), schema::kNode, warnings);
  }
  EXPECT_THAT(warnings.take(), SizeIs(1));
}

}  // namespace
}  // namespace infergraph::graph
