// Large and deep files, and those that grow when they are read.
#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/bounds.hpp"
#include "tests/unit/graph/spec/graph_text.hpp"

namespace infergraph::graph {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string json_around(const std::string& graph) {
  return R"({"apiVersion":"machinelearning.seldon.io/v1","kind":"SeldonDeployment",)"
         R"("spec":{"predictors":[{"name":"p","graph":)" +
         graph + "}]}}";
}

std::string deep_json(int depth) {
  std::string graph;
  for (int i = 0; i < depth; ++i) {
    graph += R"({"name":"n)" + std::to_string(i) + R"(","children":[)";
  }
  for (int i = 0; i < depth; ++i) graph += "]}";
  return json_around(graph);
}

std::string deep_block_yaml(int depth) {
  std::string graph = "\n";
  for (int i = 0; i < depth; ++i) {
    const std::string indent(6 + 2 * static_cast<std::size_t>(i), ' ');
    graph += (i == 0 ? indent : indent.substr(2) + "- ") + "name: n" + std::to_string(i) + "\n";
    graph += indent + "endpoint: {httpPort: 9000}\n";
    if (i + 1 < depth) graph += indent + "children:\n";
  }
  return yaml_around(graph);
}

std::string wide_json(int nodes) {
  std::string graph = R"({"name":"n0","children":[)";
  for (int i = 1; i < nodes; ++i) {
    graph += R"({"name":"n)" + std::to_string(i) + "\"}" + (i + 1 < nodes ? "," : "");
  }
  return json_around(graph + "]}");
}

/// A tenfold of a tenfold, as often as asked.
std::string aliases(int times) {
  std::string text = "x:\n- &n0 {name: leaf, endpoint: {httpPort: 1}}\n";
  for (int i = 1; i <= times; ++i) {
    text += "- &n" + std::to_string(i) + " {name: n, children: [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "*n" : ",*n") + std::to_string(i - 1);
    text += "]}\n";
  }
  return text + yaml_around("*n" + std::to_string(times));
}

TEST(Limits, AGraphIsThousandNodesDeepInJson) {
  const SpecReading deep = read_json(deep_json(1000));
  EXPECT_THAT(said(deep), IsEmpty());
  EXPECT_EQ(deep.deployment.predictors[0].nodes.size(), 1000);
  EXPECT_THAT(said(read_json(deep_json(1001))),
              ElementsAre(EndsWith("more than 1,000 nodes deep")));
  EXPECT_THAT(said(read_json(deep_json(200'000))),
              ElementsAre(HasSubstr("nested deeper than 2,050 levels")));
}

TEST(Limits, AGraphIsTwoHundredNodesDeepInYaml) {
  const SpecReading deep = read_yaml(deep_block_yaml(200));
  EXPECT_THAT(said(deep), IsEmpty());
  EXPECT_EQ(deep.deployment.predictors[0].nodes.size(), 200);
  EXPECT_THAT(said(read_yaml(deep_block_yaml(201))),
              ElementsAre(EndsWith("more than 200 nodes deep")));
  EXPECT_THAT(said(read_yaml(deep_block_yaml(400))),
              ElementsAre(HasSubstr("nested deeper than 450 levels")));
  // The comment keeps it from being read as JSON.
  EXPECT_THAT(said(read_yaml("# flow\n" + deep_json(200))), IsEmpty());
}

TEST(Limits, DeepNestingOfAnythingIsRefused) {
  for (const std::string piece : {"[", "{a: ", "- ", "? ", "!t ", "&a ", "*a "}) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += piece;
    EXPECT_FALSE(read_yaml(text).ok()) << piece;
  }
}

TEST(Limits, AFileHoldsTenThousandNodes) {
  const SpecReading most = read_json(wide_json(10'000));
  EXPECT_THAT(said(most), IsEmpty());
  EXPECT_EQ(most.deployment.predictors[0].nodes.size(), 10'000);
  EXPECT_THAT(said(read_json(wide_json(10'001))),
              ElementsAre("spec.predictors[0].graph: more than 10,000 nodes"));
}

TEST(Limits, NodesAreCountedAfterAliasesAreExpanded) {
  EXPECT_THAT(warned(read_yaml(aliases(2))), Contains(HasSubstr(" is also the name of ")));
  EXPECT_THAT(said(read_yaml(aliases(4))),
              ElementsAre("spec.predictors[0].graph: more than 10,000 nodes"));
  EXPECT_THAT(said(read_yaml(aliases(50))),
              ElementsAre(HasSubstr("the aliases add more than 500,000 values to the file")));
}

TEST(Limits, AliasesOfALongTextDontFillTheMemory) {
  std::string text = "a: &a " + std::string(1'000'000, 'x') + "\nb: &b {c: *a}\nd: [";
  for (int i = 0; i < 1'000; ++i) text += "*b,";
  EXPECT_THAT(said(read_yaml(text + "]")),
              ElementsAre(HasSubstr("the aliases add more than 16,777,216 bytes to the file")));
  // Values of annotations are copied when they are read.
  text = "a: &a " + std::string(1'000'000, 'x') + "\n" + yaml_around("{name: m}");
  text += "    annotations: {";
  for (int i = 0; i < 1'000; ++i) text += "k" + std::to_string(i) + ": *a,";
  EXPECT_THAT(said(read_yaml(text + "}")),
              ElementsAre(HasSubstr("the aliases add more than 16,777,216 bytes to the file")));
}

TEST(Limits, AnAliasInItsOwnAnchorIsRefused) {
  EXPECT_THAT(said(read_yaml("a: &a {b: [*a]}")), ElementsAre("an alias stands in its own anchor"));
}

TEST(Limits, ProblemsAreCountedWhenThereAreThousands) {
  std::string children;
  for (int i = 0; i < 1'500; ++i) children += "1,";
  const SpecReading reading = read_yaml(yaml_around("{name: r, children: [" + children + "]}"));
  EXPECT_EQ(reading.problems.size(), 1'001);
  EXPECT_EQ(reading.problems.back().message, "and 500 more");
}

/// Of a file's bytes; nothing is timed.
constexpr fuzz::Bound kAllocated{
    .peak = {500, 8 * fuzz::Bound::kMebi}, .total = {2000, 16 * fuzz::Bound::kMebi}, .seconds = {}};

// Each predictor read them anew: 5,000 of them with 10,000 annotations took 29 s.
TEST(Limits, AnnotationsOfTheDeploymentAreReadOnce) {
  std::string lines;
  for (int i = 0; i < 1'000; ++i) lines += "m.timeout: 1\n";
  std::string text = "spec:\n  annotations: {infergraph.io/settings: \"";
  for (const char c : lines) text += c == '\n' ? std::string("\\n") : std::string(1, c);
  text += "\"}\n  predictors:\n";
  for (int i = 0; i < 500; ++i) {
    text += "  - {name: p" + std::to_string(i) + ", graph: {name: m, type: MODEL}}\n";
  }
  const fuzz::Bounded bounded("annotations", text.size(), kAllocated);
  const SpecReading reading = read_yaml(text);
  EXPECT_THAT(said(reading), IsEmpty());
  EXPECT_EQ(reading.deployment.predictors.back().nodes[0].settings.timeout,
            std::chrono::milliseconds(1));
}

// 369 KB of JSON took 1 GB.
TEST(Limits, AValueOfAllNodesDoesntFillTheMemory) {
  std::string graph = "{name: r, children: [";
  for (int i = 0; i < 9'000; ++i) graph += "{name: m" + std::to_string(i) + ", type: MODEL},";
  const std::string text = yaml_around(
      graph + "]}",
      "    annotations: {infergraph.io/model_name: " + std::string(50'000, 'x') + "}\n");
  const fuzz::Bounded bounded("setting", text.size(), kAllocated);
  EXPECT_THAT(said(read_yaml(text)),
              ElementsAre("spec.predictors[0].annotations[\"infergraph.io/model_name\"]: is held "
                          "for each node that it is of: that takes more than 16,777,216 bytes"));
}

TEST(Limits, AnImageOfManyNodesDoesntFillTheMemory) {
  std::string graph = "{name: m, children: [";
  for (int i = 0; i < 9'000; ++i) graph += "{name: m},";
  const std::string text =
      yaml_around(graph + "]}", "    componentSpecs: [{spec: {containers: [{name: m, image: " +
                                    std::string(100'000, 'x') + "}]}}]\n");
  const fuzz::Bounded bounded("image", text.size(), kAllocated);
  EXPECT_THAT(said(read_yaml(text)),
              ElementsAre("spec.predictors[0].componentSpecs[0].spec.containers[0].image: is held "
                          "for each node of that name: that takes more than 16,777,216 bytes"));
}

TEST(Limits, AFileIsReadUpTo64MiB) {
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) /
                                     ("too_large_" + std::to_string(getpid()) + ".yaml");
  std::ofstream(file).close();
  std::filesystem::resize_file(file, (64 << 20) + 1);
  EXPECT_THAT(said(read_deployment_file(file)),
              ElementsAre("the file is larger than 67,108,864 bytes"));
  std::filesystem::remove(file);
}

TEST(Limits, PortsRunOut) {
  std::string containers;
  for (int i = 0; i < 60'000; ++i) containers += "{name: c" + std::to_string(i) + "},";
  EXPECT_THAT(
      said(read_yaml(
          yaml_around("{name: m, type: MODEL}",
                      "    componentSpecs: [{spec: {containers: [" + containers + "]}}]\n"))),
      ElementsAre("spec.predictors[0].graph.endpoint: a node that is called needs httpPort, "
                  "grpcPort or service_port"));
}

}  // namespace
}  // namespace infergraph::graph
