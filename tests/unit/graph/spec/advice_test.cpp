// What is wrong with a file, in words and with its path.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/graph/spec/graph_text.hpp"

namespace infergraph::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

const std::string kGraph = "spec.predictors[0].graph";

TEST(GraphProblems, CutALongText) {
  EXPECT_THAT(said(read_yaml(yaml_around("{name: r, endpoint: {type: '" + std::string(63, 'x') +
                                         "\u00e9\u00e9'}}"))),
              ElementsAre(kGraph + ".endpoint.type: \"" + std::string(63, 'x') +
                          "\u2026\" is not one of REST, GRPC"));
}

// Looking for lines takes a step for each member that is passed.
TEST(GraphProblems, HaveNoLineRatherThanAWrongOne) {
  std::string annotations = "    annotations:\n";
  for (int i = 0; i < 5'000; ++i) {
    annotations += "      infergraph.io/q" + std::to_string(i) + ".timeout: 1s\n";
  }
  const SpecReading reading =
      read_yaml(yaml_around("{name: m, implementation: SIMPLE_MODEL}", annotations));
  std::size_t placed = 0;
  for (const Problem& warning : reading.warnings) {
    if (warning.path.empty() || warning.line == 0) continue;
    ++placed;
    EXPECT_THAT(warning.source, ::testing::HasSubstr("infergraph.io/q"));
  }
  EXPECT_GT(placed, 100);
  EXPECT_LT(placed, 999);
}

TEST(GraphWarnings, AreNotOfSeveralMergeKeys) {
  const SpecReading reading =
      read_yaml("x-a: &a {type: MODEL}\nx-b: &b {endpoint: {service_host: h, httpPort: 9000}}\n" +
                yaml_around("\n      name: m\n      <<: *a\n      <<: *b\n"));
  EXPECT_THAT(warned(reading), IsEmpty());
  EXPECT_EQ(reading.deployment.predictors[0].nodes[0].endpoint.http_port, 9000);
  EXPECT_THAT(warned(read_yaml("x: {'<<': 1, '<<': 2}\n" +
                               yaml_around("{name: m, implementation: SIMPLE_MODEL}"))),
              ::testing::Contains(::testing::HasSubstr("the key is given twice")));
}

// As the wrapper reads them: strtobool() and float() of Python.
TEST(GraphWarnings, AreNotOfValuesThatPythonTakes) {
  const auto warnings_of = [](const std::string& type, const std::string& value) {
    return warned(
        read_yaml(yaml_around("{name: m, type: MODEL, endpoint: {httpPort: 1}, parameters: "
                              "[{name: a, type: " +
                              type + ", value: '" + value + "'}]}")));
  };
  for (const char* value : {"Yes", "YES", "No", "Y", "N", "T", "F", "On", "OFF", "tRUE", "0"}) {
    EXPECT_THAT(warnings_of("BOOL", value), IsEmpty()) << value;
  }
  for (const char* value : {"Inf", "NAN", "infinity", "+inf", "-INF", "-nan", "1e3"}) {
    EXPECT_THAT(warnings_of("FLOAT", value), IsEmpty()) << value;
    EXPECT_THAT(warnings_of("DOUBLE", value), IsEmpty()) << value;
  }
  EXPECT_THAT(warnings_of("BOOL", "2"), ::testing::SizeIs(1));
  EXPECT_THAT(warnings_of("BOOL", "+1"), ::testing::SizeIs(1));
  EXPECT_THAT(warnings_of("FLOAT", "+-inf"), ::testing::SizeIs(1));
}

// `check` found nothing where the engine doesn't start.
TEST(GraphProblems, AreNamesThatTheEngineRefuses) {
  const auto around = [](const std::string& metadata, const std::string& predictors) {
    return read_yaml(
        "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: " + metadata +
        "\nspec:\n  predictors:\n" + predictors);
  };
  const std::string graph = ", graph: {name: m, implementation: SIMPLE_MODEL}}\n";
  SpecReading reading = around("{}", "  - {name: p" + graph);
  EXPECT_THAT(said(reading), IsEmpty());
  EXPECT_THAT(warned(reading),
              ElementsAre("metadata.name: is missing: without --sdep the engine doesn't start"));
  const std::string why =
      " has control characters, or spaces around it, with which the engine doesn't start";
  reading = around("{name: 'a ', namespace: \"b\\t\"}", "  - {name: 'p 1 '" + graph);
  EXPECT_THAT(said(reading), ElementsAre("spec.predictors[0].name: \"p 1 \"" + why));
  EXPECT_THAT(warned(reading),
              ElementsAre("metadata.name: \"a \"" + why + " without --sdep",
                          "metadata.namespace: \"b\\t\"" + why + " without --namespace"));
  reading = around("{name: a}", "  - {name: p, traffic: 100" + graph + "  - {name: ' q'" + graph);
  EXPECT_THAT(said(reading), IsEmpty()) << "the first can be served";
  EXPECT_THAT(warned(reading), ElementsAre("spec.predictors[1].name: \" q\"" + why));
  EXPECT_THAT(said(read_yaml("name: ' q'\ngraph: {name: m, implementation: SIMPLE_MODEL}\n")),
              ElementsAre("name: \" q\"" + why));
  EXPECT_THAT(warned(around("{name: 'a b.c'}", "  - {name: p 1" + graph)), IsEmpty());
}

// The operator copies the deployment's annotations to the pods of every predictor.
TEST(GraphWarnings, AreNotOfNodesThatAnotherPredictorMayHave) {
  const auto warnings_of = [](const std::string& annotation) {
    return warned(read_deployment(
        R"({"name":"p","graph":{"name":"classifier","type":"MODEL","endpoint":{"httpPort":1}}})",
        SpecFormat::kJson, {{"infergraph.io/" + annotation, "1s"}}));
  };
  EXPECT_THAT(warnings_of("b.timeout"), IsEmpty());
  EXPECT_THAT(warnings_of("classifer.timeout"),
              ElementsAre("podinfo[\"infergraph.io/classifer.timeout\"]: the graph has no node "
                          "\"classifer\"; did you mean \"classifier\"?; ignored, as it is if "
                          "another predictor has it"));
}

TEST(GraphProblems, AreNoTemplatesInQuotes) {
  const auto fault_of = [](const std::string& before, const std::string& fault) {
    const SpecReading reading = read_yaml("a: 1\n" + before + "b:\n  c: 1\n  d: 1\n" + fault);
    EXPECT_THAT(reading.problems, ::testing::SizeIs(1));
    return std::to_string(reading.problems.at(0).line) + " " + reading.problems.at(0).message;
  };
  const std::string tab = "  e:\n\t  f: 1\n";
  for (const char* text :
       {"x: \"{{not a template}}\"\n", "x: 'it''s {{none}}' # {{nor}}\n", "x: y {{ either }}\n"}) {
    EXPECT_THAT(fault_of(text, tab), ::testing::StartsWith("7 a tab")) << text;
  }
  EXPECT_THAT(fault_of("", "x: \"{{a}}\"\n" + tab), ::testing::StartsWith("7 a tab"));
  EXPECT_THAT(fault_of("", "x: {{ .Values.x }}\n"), ::testing::StartsWith("5 this is a template"));
  EXPECT_THAT(fault_of("", "x: \"{{ include \"a\" . }}\"\n"),
              ::testing::StartsWith("5 this is a template"));
}

TEST(GraphProblems, CountColumnsInCharacters) {
  const auto column_of = [](const std::string& text) {
    const SpecReading reading = read_yaml(text);
    return reading.problems.empty() ? 0 : reading.problems[0].column;
  };
  const std::string head = "spec: {predictors: [{labels: {x: \"";
  for (const std::string mark : {"", "\xEF\xBB\xBF"}) {
    const std::size_t plain = column_of(mark + head + "aaa\"}, graph: 7, name: p}]}\n");
    EXPECT_EQ(plain, head.size() + 8);
    EXPECT_EQ(column_of(mark + head + "äöü\"}, graph: 7, name: p}]}\n"), plain);
    EXPECT_EQ(column_of(mark + "# äöü\n" + head + "€ü😀\"}, graph: 7, name: p}]}\n"), plain);
  }
  EXPECT_EQ(column_of("ä: ö: ü\n"), column_of("a: o: u\n"));
  EXPECT_EQ(column_of("ä: \"ü\nb: 1\n"), column_of("a: \"u\nb: 1\n"));
}

TEST(GraphWarnings, AskTheEngineOfItsVariables) {
  const std::string text = R"({"name": "p", "graph": {"name": "m", "type": "MODEL", "endpoint": {
      "service_host": "x", "service_port": 1}},
      "annotations": {"seldon.io/engine-infergraph-max-conections": "5",
                      "seldon.io/engine-infergraph-max-connections": "5"},
      "svcOrchSpec": {"env": [{"name": "INFERGRAPH_FLIE", "value": "x"},
                              {"name": "INFERGRAPH_FILE", "value": "y"}]}})";
  EngineFacts engine;
  EXPECT_THAT(warned(read_deployment(text, SpecFormat::kJson, {}, {}, engine)), IsEmpty());
  engine.variable_fault = [](std::string_view name, std::string_view value) {
    const bool is_known = name == "INFERGRAPH_MAX_CONNECTIONS" || name == "INFERGRAPH_FILE";
    return is_known ? std::string() : "isn't any, not even as " + std::string(value);
  };
  EXPECT_THAT(warned(read_deployment(text, SpecFormat::kJson, {}, {}, engine)),
              ::testing::UnorderedElementsAre(
                  ::testing::HasSubstr("INFERGRAPH_MAX_CONECTIONS isn't any, not even as 5"),
                  ::testing::HasSubstr("env[0].name: INFERGRAPH_FLIE isn't any, not even as x")));
}

// Nodes of a Triton are told apart by their models.
TEST(GraphWarnings, AreOfTheProtocolThatTheEngineIsTold) {
  const std::string graph =
      "{name: c, type: COMBINER, endpoint: {service_host: x, httpPort: 1}, children: ["
      "{name: m1, type: MODEL, endpoint: {service_host: triton, httpPort: 8000}},"
      "{name: m2, type: MODEL, endpoint: {service_host: triton, httpPort: 8000}}]}";
  const std::string bare = "name: p\ngraph: " + graph + "\n";
  const auto read = [](const std::string& text, std::optional<protocol::Protocol> protocol) {
    return warned(read_deployment(text, SpecFormat::kYaml, {}, {}, {protocol}));
  };
  const auto is_shared = ::testing::Contains(
      ::testing::HasSubstr("triton:8000 is also where \"m1\" is: each node needs a port"));
  EXPECT_THAT(read(bare, {}), is_shared);
  EXPECT_THAT(read(bare, protocol::Protocol::kV2), IsEmpty());
  EXPECT_THAT(read(yaml_around(graph), {}), is_shared);
  EXPECT_THAT(read(yaml_around(graph), protocol::Protocol::kV2), IsEmpty());
  EXPECT_THAT(read(yaml_around(graph) + "  protocol: v2\n", {}), IsEmpty());
  EXPECT_THAT(read(yaml_around(graph) + "  protocol: v2\n", protocol::Protocol::kSeldon),
              is_shared);
}

TEST(GraphProblems, OfOnePlaceAreSaidOnce) {
  const SpecReading reading = read_yaml(yaml_around("{name: [7], children: [{name: a}, ~, b]}"));
  EXPECT_THAT(said(reading), ElementsAre(kGraph + ".name: an array, but must be a string",
                                         kGraph + ".children[1]: null, but must be an object",
                                         kGraph + ".children[2]: a string, but must be an object"));
}

TEST(GraphProblems, NumbersThatAreNone) {
  EXPECT_THAT(said(read_yaml(yaml_around(
                  "{name: r, endpoint: {httpPort: 99999999999999999999, grpcPort: 95.5}}"))),
              ElementsAre(kGraph + ".endpoint.httpPort: 99999999999999999999 is not a whole number",
                          kGraph + ".endpoint.grpcPort: 95.5 is not a whole number"));
}

TEST(GraphProblems, AreNotLookedForInWhatIsKubernetes) {
  const SpecReading reading = read_yaml(yaml_around(
      "{name: r, type: MODEL, endpoint: {httpPort: 1}}",
      "    componentSpecs: [{metadata: {nane: [1]}, spec: {containers: [{name: r, image: 1, "
      "port: x, ports: [{name: http, containerPort: '80'}, 7]}], nodes: 3}, hpaSpec: {x: 1}}]\n"));
  EXPECT_THAT(said(reading), IsEmpty());
  EXPECT_THAT(warned(reading), IsEmpty());
}

TEST(GraphProblems, OfContainersThatAreNone) {
  EXPECT_THAT(said(read_yaml(yaml_around(
                  "{name: r, implementation: SIMPLE_MODEL}",
                  "    componentSpecs: [{spec: {containers: [{name: r}, 2]}}, {spec: 3}]\n"))),
              ElementsAre("spec.predictors[0].componentSpecs[0].spec.containers[1]: a number, but "
                          "must be an object",
                          "spec.predictors[0].componentSpecs[1].spec: a number, but must be an "
                          "object"));
}

TEST(Ratio, MayBeAnyNumberInAnyPosition) {
  for (const std::string ratio :
       {"{name: ratioA, value: '0', type: INT}", "{name: ratioA, value: '1e-3', type: FLOAT}",
        "{name: ratioA, value: ' +1 ', type: DOUBLE}", "{name: ratioA, value: '.5'}"}) {
    EXPECT_THAT(said(read_yaml(yaml_around(
                    "{name: r, implementation: RANDOM_ABTEST, children: [{name: a}, {name: b}], "
                    "parameters: [{name: x, value: y, type: STRING}, " +
                    ratio + "]}"))),
                IsEmpty())
        << ratio;
  }
}

TEST(Ratio, MustBeANumber) {
  for (const std::string value : {"nan", "inf", "0,5", "", "0.5x"}) {
    EXPECT_THAT(said(read_yaml(yaml_around("{name: r, implementation: RANDOM_ABTEST, parameters: "
                                           "[{name: ratioA, value: '" +
                                           value + "'}]}"))),
                ElementsAre(kGraph +
                            ".parameters[0].value: ratioA must be a number from 0 to 1, "
                            "not \"" +
                            value + "\""));
  }
}

TEST(DeploymentProblems, AreAllReportedTogether) {
  EXPECT_THAT(
      said(read_yaml("apiVersion: machinelearning.seldon.io/v1\n"
                     "kind: SeldonDeployment\n"
                     "metadata: {name: 1, namespace: [x]}\n"
                     "spec:\n"
                     "  annotations: {a: 1}\n"
                     "  protocol: http\n"
                     "  transport: REST\n"
                     "  replicas: '1'\n"
                     "  predictors: [{name: p, graph: {name: m, type: X}}, 7]\n")),
      ElementsAre("spec.protocol: \"http\" is not one of seldon, tensorflow, v2, kfserving",
                  "spec.transport: \"REST\" is not one of rest, grpc; did you mean \"rest\"?",
                  "spec.replicas: a string, but must be a number: take the quotes off, 1",
                  "spec.predictors[0].graph.type: \"X\" is not one of UNKNOWN_TYPE, ROUTER, "
                  "COMBINER, MODEL, TRANSFORMER, OUTPUT_TRANSFORMER",
                  "spec.predictors[1]: a number, but must be an object"));
}

TEST(DeploymentProblems, OfWhatIsMissing) {
  constexpr std::string_view kHead =
      "kind: SeldonDeployment\napiVersion: machinelearning.seldon.io/v1\n";
  EXPECT_THAT(said(read_json("{}")), ElementsAre("kind: is missing; it must be SeldonDeployment"));
  EXPECT_THAT(said(read_yaml(std::string(kHead) + "spec: {}")),
              ElementsAre("spec.predictors: is missing"));
  EXPECT_THAT(said(read_yaml(std::string(kHead) + "spec: {predictors: []}")),
              ElementsAre("spec.predictors: is empty"));
}

TEST(DeploymentProblems, SayWhereTheSyntaxIsWrong) {
  EXPECT_THAT(said(read_json("{\n \"a\": 1,\n \"b\" 2}")),
              ElementsAre("Missing a colon after a name of object member"));
  EXPECT_THAT(said(read_json("{} {}")),
              ElementsAre("The document root must not be followed by other values"));
  EXPECT_THAT(
      said(read_yaml("a: b\nc: d: e\n")),
      ElementsAre("a second \": \" in one line: put the value in quotes, or begin a new line"));
  EXPECT_THAT(said(read_yaml(std::string("a: \0b", 5))),
              ElementsAre("the file holds a zero byte: it is no text"));
  EXPECT_THAT(said(read_json("\"\xff\"")), ElementsAre("the file is not UTF-8"));
}

}  // namespace
}  // namespace infergraph::graph
