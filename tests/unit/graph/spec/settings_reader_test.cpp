#include "graph/spec/settings_reader.hpp"

#include <gmock/gmock.h>

#include <array>
#include <set>
#include <string>
#include <vector>

namespace infergraph::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Parameters = std::vector<Parameter>;

NodeSpec node_of(const std::string& name, Parameters parameters = {}) {
  NodeSpec node;
  node.name = name;
  node.type = NodeType::kModel;
  node.path = "graph";
  node.parameters = std::move(parameters);
  return node;
}

struct Given {
  std::vector<NodeSpec> nodes;
  Annotations predictor;
  Annotations deployment;
  Annotations pod;
  std::set<std::string_view> others;
  std::optional<protocol::Protocol> protocol = protocol::Protocol::kSeldon;
};

struct Read {
  std::vector<NodeSpec> nodes;
  std::vector<std::string> warnings;
  const NodeSettings& operator[](std::size_t node) const { return nodes.at(node).settings; }
};

Read read(Given given) {
  PredictorSpec predictor;
  predictor.nodes = std::move(given.nodes);
  std::set<std::string_view> nodes = given.others;
  for (const NodeSpec& node : predictor.nodes) nodes.insert(node.name);
  Findings findings;
  SettingsReader reader(std::move(nodes), given.protocol, findings);
  reader.share({"the deployment", "deployment", given.deployment});
  reader.share({"the pod", "podinfo", given.pod});
  reader.read(predictor, {"the predictor", "predictor", given.predictor});
  Read made;
  made.nodes = std::move(predictor.nodes);
  for (const Problem& warning : findings.warnings.take()) {
    made.warnings.push_back(warning.path + ": " + warning.message);
  }
  return made;
}

// Where `model_name` of the node m may come from, the strongest first: each of the first `n` is
// absent, the next one counts.
TEST(ReadSettings, TheNearestCounts) {
  const auto given = [](std::size_t from) {
    Given made;
    const std::string own = "infergraph.io/m.model_name";
    const std::string all = "infergraph.io/model_name";
    const std::vector<std::function<void()>> steps{
        [&] { made.predictor[own] = "0"; },  [&] { made.deployment[own] = "1"; },
        [&] { made.pod[own] = "2"; },        [&] { made.predictor[all] = "3"; },
        [&] { made.deployment[all] = "4"; }, [&] { made.pod[all] = "5"; },
    };
    for (std::size_t i = from; i < steps.size(); ++i) steps[i]();
    made.nodes = {from > 6 ? node_of("m") : node_of("m", {{"model_name", "6", "STRING"}})};
    return made;
  };
  for (std::size_t from = 0; from <= 6; ++from) {
    const Read made = read(given(from));
    EXPECT_EQ(made[0].model_name, std::to_string(from));
    EXPECT_THAT(made.warnings, IsEmpty());
    ASSERT_EQ(made[0].uses.size(), 1);
    EXPECT_EQ(made[0].uses[0].value, std::to_string(from));
  }
  EXPECT_EQ(read(given(7))[0].model_name, "");
}

TEST(ReadSettings, AKeyStandsOverALine) {
  Given given;
  given.nodes = {node_of("m"), node_of("n")};
  given.predictor = {{"infergraph.io/settings", "m.model_name: a\nn.model_name: b"},
                     {"infergraph.io/m.model_name", "c"}};
  const Read made = read(given);
  EXPECT_EQ(made[0].model_name, "c");
  EXPECT_EQ(made[1].model_name, "b");
  EXPECT_EQ(made[1].uses[0].source, "infergraph.io/settings of the predictor, line 2");
}

TEST(ReadSettings, ABadValueCountsAsAbsent) {
  Given given;
  given.nodes = {node_of("m", {{"protocol", "tensorflow", "STRING"}})};
  given.predictor = {{"infergraph.io/m.protocol", "vv2"}, {"infergraph.io/protocol", "v3"}};
  given.deployment = {{"infergraph.io/m.protocol", " v2 "}};
  Read made = read(given);
  EXPECT_EQ(made[0].protocol, protocol::Protocol::kV2);
  EXPECT_THAT(made.warnings,
              ElementsAre("predictor[\"infergraph.io/m.protocol\"]: \"vv2\" must be seldon, "
                          "tensorflow or v2; ignored"));
  given.deployment.clear();
  made = read(given);
  EXPECT_EQ(made[0].protocol, protocol::Protocol::kTensorflow);
  EXPECT_EQ(made.warnings.size(), 2);
}

// Of every setting, with whatever stands below it.
TEST(ReadSettings, AnEmptyAnnotationTurnsOff) {
  for (const Setting& setting : settings()) {
    for (const bool is_general : {false, true}) {
      Given given;
      const std::string value = setting.fallback.empty() ? "a" : std::string(setting.fallback);
      NodeSpec node = node_of("m", {{std::string(setting.name), value, "STRING"}});
      node.type = NodeType::kCombiner;
      node.implementation = Implementation::kPrepackaged;
      node.implementation_name = "TENSORFLOW_SERVER";
      given.nodes = {node};
      const std::string key =
          (is_general ? "infergraph.io/" : "infergraph.io/m.") + std::string(setting.name);
      given.predictor[key] = " ";
      given.deployment[key] = "b";
      const Read made = read(given);
      EXPECT_THAT(made.warnings, IsEmpty()) << setting.name;
      ASSERT_EQ(made[0].uses.size(), 1) << setting.name;
      EXPECT_FALSE(made[0].uses[0].taken);
      EXPECT_EQ(made[0].uses[0].value, value);
      EXPECT_EQ(made[0].uses[0].source, key + " of the predictor");
      EXPECT_EQ(made[0].model_name + made[0].signature_name + made[0].model_input, "");
    }
  }
}

TEST(ReadSettings, SplitsAtTheLastDot) {
  for (const std::string name : {"m", "My.node", "a.protocol", "a..b", "x-1_Y", "1.2.3"}) {
    Given given;
    given.nodes = {node_of(name), node_of("other")};
    given.predictor = {{"infergraph.io/" + name + ".protocol", "v2"}};
    const Read made = read(given);
    EXPECT_EQ(made[0].protocol, protocol::Protocol::kV2) << name;
    EXPECT_EQ(made[1].protocol, std::nullopt) << name;
    EXPECT_THAT(made.warnings, IsEmpty()) << name;
  }
}

TEST(ReadSettings, SaysWhatNobodyHas) {
  struct Case {
    std::string key;
    std::string warning;
  };
  const std::vector<Case> cases{
      {"classifer.protocol",
       "the graph has no node \"classifer\"; did you mean \"classifier\"?; ignored"},
      {"Classifier.protocol",
       "the graph has no node \"Classifier\"; did you mean \"classifier\"?; ignored"},
      {"nobody.protocol", "the graph has no node \"nobody\"; ignored"},
      {"classifier.protocl",
       "\"protocl\" is no setting of a node; did you mean \"protocol\"?; ignored"},
      {"model-name",
       "\"model-name\" is no setting of a node; did you mean \"model_name\"?; ignored"},
      {"classifier", "\"classifier\" is no setting of a node; ignored"},
  };
  for (const auto& [key, warning] : cases) {
    Given given;
    given.nodes = {node_of("classifier")};
    given.pod = {{"infergraph.io/" + key, "v2"}};
    EXPECT_THAT(read(given).warnings,
                ElementsAre("podinfo[\"infergraph.io/" + key + "\"]: " + warning));
  }
}

TEST(ReadSettings, SaysWhichPrefixWasMeant) {
  Given given;
  given.nodes = {node_of("m")};
  given.predictor = {{"infergaph.io/m.protocol", "v2"},
                     {"infergraph.com/m.protocol", "v2"},
                     {"infergraph.oi/model_name", "x"},
                     {"infergaph.io/other", "x"},
                     {"seldon.io/protocol", "x"},
                     {"example.org/m.protocol", "v2"},
                     {"protocol", "v2"}};
  const Read made = read(given);
  EXPECT_THAT(made.warnings,
              ElementsAre("predictor[\"infergaph.io/m.protocol\"]: is none of ours; did you mean "
                          "\"infergraph.io/m.protocol\"?",
                          "predictor[\"infergraph.com/m.protocol\"]: is none of ours; did you mean "
                          "\"infergraph.io/m.protocol\"?",
                          "predictor[\"infergraph.oi/model_name\"]: is none of ours; did you mean "
                          "\"infergraph.io/model_name\"?"));
  EXPECT_THAT(made[0].uses, IsEmpty());
}

TEST(ReadSettings, KnowsNodesOfOtherPredictors) {
  Given given;
  given.nodes = {node_of("m")};
  given.others = {"theirs"};
  given.deployment = {{"infergraph.io/theirs.protocol", "v2"}};
  EXPECT_THAT(read(given).warnings, IsEmpty());
  given.predictor = given.deployment;
  EXPECT_EQ(read(given).warnings.size(), 1);
}

TEST(ReadSettings, NamesTheWayOutForNamesThatAreNoKeys) {
  for (const std::string& name : {std::string("two words"), std::string("größe"),
                                  std::string("a/b"), std::string(60, 'x'), std::string("-a")}) {
    Given given;
    given.nodes = {node_of(name)};
    given.predictor = {{"infergraph.io/" + name + ".protocol", "v2"}};
    Read made = read(given);
    EXPECT_EQ(made[0].protocol, protocol::Protocol::kV2) << "the file may have it all the same";
    ASSERT_EQ(made.warnings.size(), 1);
    EXPECT_THAT(made.warnings[0], HasSubstr("use a line of infergraph.io/settings"));
    EXPECT_EQ(annotation_of(name, "protocol"), "infergraph.io/settings");

    given.predictor = {{"infergraph.io/settings", name + ".protocol: v2"}};
    made = read(given);
    EXPECT_EQ(made[0].protocol, protocol::Protocol::kV2) << name;
    EXPECT_THAT(made.warnings, IsEmpty()) << name;
  }
  EXPECT_EQ(annotation_of("m", "protocol"), "infergraph.io/m.protocol");
}

TEST(ReadSettings, ReadsLines) {
  Given given;
  given.nodes = {node_of("a: b"), node_of("m")};
  given.nodes[1].implementation = Implementation::kPrepackaged;
  given.nodes[1].implementation_name = "TENSORFLOW_SERVER";
  given.predictor = {{"infergraph.io/settings",
                      "# comment\n\n a: b.model_name : x: y \r\n"
                      "m.rest_endpoint: http://host:1\nmodel_input:i\nnonsense\nm.what: 1\n"}};
  const Read made = read(given);
  EXPECT_EQ(made[0].model_name, "x: y");
  ASSERT_TRUE(made[1].rest_endpoint);
  EXPECT_EQ(made[1].rest_endpoint->host, "host");
  EXPECT_EQ(made[0].model_input + made[1].model_input, "ii");
  EXPECT_THAT(made.warnings,
              ElementsAre("predictor[\"infergraph.io/settings\"] line 6: \"nonsense\" is not "
                          "NODE.NAME: VALUE; ignored",
                          "predictor[\"infergraph.io/settings\"] line 7: \"what\" is no setting of "
                          "a node; ignored"));
}

// A line of nothing but colons was read anew for each of them: 200 KB took 27 s.
TEST(ReadSettings, LooksAtTheFirstColonsOfALine) {
  for (const std::size_t colons : {16, 17, 100'000}) {
    const std::string name(colons, ':');
    Given given;
    given.nodes = {node_of(name)};
    given.predictor = {{"infergraph.io/settings", name + ".model_name: x"}};
    const Read made = read(given);
    EXPECT_EQ(made[0].model_name, colons == 16 ? "x" : "");
    if (colons == 16) {
      EXPECT_THAT(made.warnings, IsEmpty());
    } else {
      EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("line 1: \"\" is no setting of a node")));
    }
  }
}

TEST(ReadSettings, SaysWhatHasNoEffect) {
  Given given;
  given.nodes = {node_of("m"), node_of("average"), node_of("fan")};
  given.nodes[1].implementation = Implementation::kAverageCombiner;
  given.nodes[2].type = NodeType::kUnknown;
  given.predictor = {{"infergraph.io/m.rest_endpoint", "h:1"},
                     {"infergraph.io/m.aggregate_body", "messages"},
                     {"infergraph.io/average.protocol", "v2"},
                     {"infergraph.io/fan.timeout", "1s"},
                     {"infergraph.io/model_input", "x"}};
  const Read made = read(given);
  EXPECT_THAT(
      made.warnings,
      ElementsAre("predictor[\"infergraph.io/m.rest_endpoint\"]: has no effect on \"m\": it "
                  "is no TENSORFLOW_SERVER",
                  "predictor[\"infergraph.io/m.aggregate_body\"]: has no effect on \"m\": "
                  "it is no COMBINER",
                  "predictor[\"infergraph.io/average.protocol\"]: has no effect on "
                  "\"average\": it is built in",
                  "predictor[\"infergraph.io/fan.timeout\"]: has no effect on \"fan\": it "
                  "is never called"));
  EXPECT_FALSE(made[0].rest_endpoint);
  EXPECT_THAT(made[1].uses, IsEmpty());
}

// G2: a component may have a parameter of that name for itself.
TEST(ReadSettings, LeavesParametersToTheirComponent) {
  struct Case {
    const char* name;
    const char* value;
  };
  for (const auto& [name, value] :
       {Case{"protocol", "udp"}, Case{"protocol", "V2"}, Case{"input_names", "sepal,petal"},
        Case{"output_names", "[\"a\"]"}}) {
    Given given;
    given.nodes = {node_of("m", {{"x", "y", "STRING"}, {name, value, "STRING"}})};
    const Read made = read(given);
    EXPECT_EQ(made[0].protocol, std::nullopt);
    EXPECT_TRUE(made[0].input_names.empty() && made[0].output_names.empty());
    ASSERT_EQ(made.warnings.size(), 1) << name;
    EXPECT_THAT(made.warnings[0], ::testing::StartsWith("graph.parameters[1].value: "));
    EXPECT_THAT(made.warnings[0], HasSubstr("left to the component"));
    EXPECT_THAT(made.warnings[0], HasSubstr(std::string("infergraph.io/m.") + name));
    ASSERT_EQ(made[0].uses.size(), 1);
    EXPECT_FALSE(made[0].uses[0].taken);
    // With an annotation, whatever it says, it is plain whose the parameter is.
    for (const char* said : {"", "a=b"}) {
      if (name == std::string("protocol") && *said != '\0') said = "v2";
      given.predictor = {{std::string("infergraph.io/m.") + name, said}};
      EXPECT_THAT(read(given).warnings, IsEmpty()) << name << said;
    }
  }
}

TEST(ReadSettings, TakesTheLastParameterOfAName) {
  Given given;
  given.nodes = {node_of("m", {{"model_name", "first", ""}, {"model_name", "last", "STRING"}})};
  EXPECT_EQ(read(given)[0].model_name, "last");
  given.nodes[0].parameters.push_back({"model_name", "", "STRING"});
  EXPECT_EQ(read(given)[0].model_name, "");
}

TEST(ReadSettings, NewNamesAreNotTakenFromAComponent) {
  Given given;
  NodeSpec combiner = node_of("c", {{"aggregate_body", "messages", "STRING"}});
  combiner.type = NodeType::kCombiner;
  given.nodes = {combiner};
  Read made = read(given);
  EXPECT_EQ(made[0].aggregate_body, AggregateBody::kMessages) << "there is no component to get it";
  EXPECT_THAT(made.warnings, IsEmpty());

  given.nodes[0].image = "own/combiner";
  made = read(given);
  EXPECT_EQ(made[0].aggregate_body, AggregateBody::kList);
  EXPECT_THAT(made.warnings,
              ElementsAre("graph.parameters[0].name: aggregate_body is left to the component; to "
                          "set the engine's, use the annotation infergraph.io/c.aggregate_body"));
  given.nodes[0].parameters[0].value = "something of its own";
  EXPECT_THAT(read(given).warnings, IsEmpty());
}

// The operator hands parameters to the component's constructor (docs/wire/graph.md §6).
TEST(ReadSettings, WarnsOfWhatStopsAComponent) {
  struct Case {
    const char* implementation;
    const char* image;
    const char* parameter;
    std::optional<protocol::Protocol> protocol;
    bool warns;
  };
  using enum protocol::Protocol;
  const std::vector<Case> cases{
      {"", "", "protocol", kSeldon, false},
      {"", "own/model", "protocol", kSeldon, true},
      {"", "own/model", "model_name", kV2, true},
      {"TENSORFLOW_SERVER", "", "protocol", kSeldon, true},
      {"TENSORFLOW_SERVER", "", "model_name", kSeldon, false},
      {"TENSORFLOW_SERVER", "", "protocol", kTensorflow, false},
      {"TRITON_SERVER", "", "model_name", kSeldon, false},
      {"SKLEARN_SERVER", "", "model_name", kSeldon, true},
      {"SKLEARN_SERVER", "", "model_name", kV2, false},
      {"SKLEARN_SERVER", "", "model_name", std::nullopt, false},
  };
  for (const auto& [implementation, image, parameter, protocol, warns] : cases) {
    Given given;
    given.protocol = protocol;
    given.nodes = {node_of("m", {{parameter, "v2", "STRING"}})};
    given.nodes[0].image = image;
    given.nodes[0].implementation_name = implementation;
    if (*implementation != '\0') given.nodes[0].implementation = Implementation::kPrepackaged;
    const Read made = read(given);
    EXPECT_EQ(made.warnings.size(), warns ? 1 : 0) << implementation << image << parameter;
    EXPECT_TRUE(made[0].uses.at(0).taken) << "taken all the same";
    if (warns) {
      EXPECT_THAT(made.warnings[0], HasSubstr(std::string("infergraph.io/m.") + parameter));
      given.predictor = {{std::string("infergraph.io/m.") + parameter, "v2"}};
      EXPECT_THAT(read(given).warnings, IsEmpty());
    }
  }
}

TEST(ReadSettings, OfBothNodesOfOneName) {
  Given given;
  given.nodes = {node_of("m"), node_of("m")};
  given.predictor = {{"infergraph.io/m.model_name", "x"}};
  const Read made = read(given);
  EXPECT_EQ(made[0].model_name + made[1].model_name, "xx");
}

TEST(ReadSettings, TellsABadValueOfAllOnce) {
  Given given;
  for (int i = 0; i < 50; ++i) given.nodes.push_back(node_of("m" + std::to_string(i)));
  given.predictor = {{"infergraph.io/protocol", "x"}};
  EXPECT_EQ(read(given).warnings.size(), 1);
}

}  // namespace
}  // namespace infergraph::graph
