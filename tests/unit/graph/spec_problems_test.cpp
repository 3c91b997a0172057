// What is wrong with a file, in words and with its path.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/unit/graph/graph_text.hpp"

namespace infergraph::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

struct Case {
  std::string what;
  std::string graph;      // in flow style
  std::string predictor;  // more members of the predictor, four spaces in
  std::vector<std::string> problems;
};

const std::string kGraph = "spec.predictors[0].graph";

class GraphProblems : public ::testing::TestWithParam<Case> {};

TEST_P(GraphProblems, AreSaidWithTheirPath) {
  const Case& param = GetParam();
  EXPECT_THAT(said(read_yaml(yaml_around(param.graph, param.predictor))),
              ElementsAreArray(param.problems));
}

INSTANTIATE_TEST_SUITE_P(
    Each, GraphProblems,
    ::testing::Values(
        Case{"type",
             "{name: r, children: [{name: a}, {name: b, type: MODLE}]}",
             "",
             {kGraph + ".children[1].type: \"MODLE\" is not one of UNKNOWN_TYPE, ROUTER, COMBINER, "
                       "MODEL, TRANSFORMER, OUTPUT_TRANSFORMER"}},
        Case{"long_text",
             "{name: r, endpoint: {type: '" + std::string(63, 'x') + "\u00e9\u00e9'}}",
             "",
             {kGraph + ".endpoint.type: \"" + std::string(63, 'x') +
              "\u2026\" is not one of REST, GRPC"}},
        Case{"method",
             "{name: r, methods: [ROUTE, SEND, 3]}",
             "",
             {kGraph + ".methods[1]: \"SEND\" is not one of TRANSFORM_INPUT, TRANSFORM_OUTPUT, "
                       "ROUTE, AGGREGATE, SEND_FEEDBACK",
              kGraph + ".methods[2]: a number, but must be a string: \"3\""}},
        Case{"endpoint_type",
             "{name: r, endpoint: {type: rest}}",
             "",
             {kGraph + ".endpoint.type: \"rest\" is not one of REST, GRPC"}},
        Case{"parameter_type",
             "{name: r, parameters: [{name: a, value: b, type: TEXT}]}",
             "",
             {kGraph + ".parameters[0].type: \"TEXT\" is not one of INT, FLOAT, DOUBLE, STRING, "
                       "BOOL"}},
        Case{"parameter_value",
             "{name: r, parameters: [{name: a, value: [b]}]}",
             "",
             {kGraph + ".parameters[0].value: an array, but must be a string"}},
        Case{"logger",
             "{name: r, logger: {mode: both, url: 1}}",
             "",
             {kGraph + ".logger.mode: \"both\" is not one of all, request, response",
              kGraph + ".logger.url: a number, but must be a string: \"1\""}},
        Case{"logger_mode_missing",
             "{name: r, logger: {}}",
             "",
             {kGraph + ".logger.mode: is missing; one of all, request, response is needed"}},
        Case{"ports",
             "{name: r, endpoint: {service_port: 0, httpPort: 65536, grpcPort: -1}}",
             "",
             {kGraph + ".endpoint.httpPort: 65536 is not a port (1 to 65535)",
              kGraph + ".endpoint.grpcPort: -1 is not a port (1 to 65535)"}},
        Case{"port_of_text",
             "{name: r, endpoint: {httpPort: '9000', grpcPort: 95.5}}",
             "",
             {kGraph + ".endpoint.httpPort: a string, but must be a number",
              kGraph + ".endpoint.grpcPort: 95.5 is not a whole number"}},
        Case{"huge_port",
             "{name: r, endpoint: {httpPort: 99999999999999999999}}",
             "",
             {kGraph + ".endpoint.httpPort: 99999999999999999999 is not a whole number"}},
        Case{"host",
             "{name: r, endpoint: {service_host: 'a b', httpPort: 1}}",
             "",
             {kGraph + ".endpoint.service_host: \"a b\" is not a host name"}},
        Case{"names",
             "{name: '', children: [{name: a}, {}, {name: b, children: [{name: a}]}]}",
             "",
             {kGraph + ".name: is missing", kGraph + ".children[1].name: is missing",
              kGraph + ".children[2].children[0].name: \"a\" is also the name of " + kGraph +
                  ".children[0]"}},
        Case{"wrong_name_is_said_once",
             "{name: 7}",
             "",
             {kGraph + ".name: a number, but must be a string: \"7\""}},
        Case{"children",
             "{name: r, children: {name: a}}",
             "",
             {kGraph + ".children: an object, but must be an array"}},
        Case{"child",
             "{name: r, children: [{name: a}, ~, b]}",
             "",
             {kGraph + ".children[1]: null, but must be an object",
              kGraph + ".children[2]: a string, but must be an object"}},
        Case{"no_graph", "~", "", {kGraph + ": is missing"}},
        Case{"graph", "[]", "", {kGraph + ": an array, but must be an object"}},
        Case{"ab_test_without_children",
             "{name: r, implementation: RANDOM_ABTEST}",
             "",
             {kGraph + ".children: RANDOM_ABTEST needs exactly 2 children, not 0"}},
        Case{"ab_test_of_three",
             "{name: r, implementation: RANDOM_ABTEST, "
             "children: [{name: a}, {name: b}, {name: c}]}",
             "",
             {kGraph + ".children: RANDOM_ABTEST needs exactly 2 children, not 3"}},
        Case{"combiner",
             "{name: r, implementation: AVERAGE_COMBINER}",
             "",
             {kGraph + ".children: AVERAGE_COMBINER needs at least 1 child, not 0"}},
        Case{"router",
             "{name: r, implementation: SIMPLE_ROUTER}",
             "",
             {kGraph + ".children: SIMPLE_ROUTER needs at least 1 child, not 0"}},
        Case{"ratio_of_text",
             "{name: r, implementation: RANDOM_ABTEST, children: [{name: a}, {name: b}], "
             "parameters: [{name: x}, {name: ratioA, value: half, type: STRING}]}",
             "",
             {kGraph + ".parameters[1].type: ratioA must be INT, FLOAT or DOUBLE, not \"STRING\"",
              kGraph + ".parameters[1].value: ratioA must be a number from 0 to 1, not \"half\""}},
        Case{"ratio_too_large",
             "{name: r, implementation: RANDOM_ABTEST, children: [{name: a}, {name: b}], "
             "parameters: [{name: ratioA, value: '1.5', type: DOUBLE}]}",
             "",
             {kGraph + ".parameters[0].value: ratioA must be a number from 0 to 1, not \"1.5\""}},
        Case{"ratio_not_a_number",
             "{name: r, implementation: RANDOM_ABTEST, children: [{name: a}, {name: b}], "
             "parameters: [{name: ratioA, value: nan, type: FLOAT}]}",
             "",
             {kGraph + ".parameters[0].value: ratioA must be a number from 0 to 1, not \"nan\""}},
        Case{"annotations",
             "{name: r}",
             "    annotations: {version: 7, on.off/x: true}\n    labels: [a]\n",
             {"spec.predictors[0].annotations.version: a number, but must be a string: \"7\"",
              "spec.predictors[0].annotations[\"on.off/x\"]: a boolean, but must be a string: "
              "\"true\"",
              "spec.predictors[0].labels: an array, but must be an object"}},
        Case{"containers",
             "{name: r}",
             "    componentSpecs: [{spec: {containers: [{name: r, image: 1}, 2]}}, {spec: 3}]\n",
             {"spec.predictors[0].componentSpecs[0].spec.containers[0].image: a number, but must "
              "be a string: \"1\"",
              "spec.predictors[0].componentSpecs[0].spec.containers[1]: a number, but must be an "
              "object",
              "spec.predictors[0].componentSpecs[1].spec: a number, but must be an object"}},
        Case{"replicas",
             "{name: r}",
             "    replicas: two\n    traffic: 1.5\n",
             {"spec.predictors[0].replicas: a string, but must be a number",
              "spec.predictors[0].traffic: 1.5 is not a whole number"}},
        Case{"keys_given_twice",
             "{name: r, name: s}",
             "    labels: {a: b, 'a': c}\n",
             {kGraph + ".name: the key is given twice",
              "spec.predictors[0].labels.a: the key is given twice"}},
        Case{"another_predictor_of_the_name",
             "{name: r}",
             "  - {name: p, graph: {name: r}}\n  - {graph: {name: r}}\n",
             {"spec.predictors[1].name: \"p\" is also the name of spec.predictors[0]",
              "spec.predictors[2].name: is missing"}}),
    [](const auto& each) { return each.param.what; });

TEST(Validation, AllowsARouterOrCombinerWithoutChildren) {
  EXPECT_THAT(said(read_yaml(yaml_around("{name: r, type: ROUTER}"))), IsEmpty());
  EXPECT_THAT(said(read_yaml(yaml_around("{name: r, methods: [AGGREGATE]}"))), IsEmpty());
}

TEST(Validation, AllowsAnyNumericRatioInAnyPosition) {
  for (const std::string ratio :
       {"{name: ratioA, value: '0', type: INT}", "{name: ratioA, value: 1e-3, type: FLOAT}",
        "{name: ratioA, value: '1', type: DOUBLE}"}) {
    EXPECT_THAT(said(read_yaml(yaml_around(
                    "{name: r, implementation: RANDOM_ABTEST, children: [{name: a}, {name: b}], "
                    "parameters: [{name: x, value: y, type: STRING}, " +
                    ratio + "]}"))),
                IsEmpty())
        << ratio;
  }
}

TEST(DeploymentProblems, AreAllReportedTogether) {
  EXPECT_THAT(
      said(read_yaml("apiVersion: machinelearning.seldon.io/v2\n"
                     "kind: SeldonDeployment\n"
                     "metadata: {name: 1, namespace: [x]}\n"
                     "spec:\n"
                     "  annotations: {a: 1}\n"
                     "  protocol: http\n"
                     "  transport: REST\n"
                     "  replicas: '1'\n"
                     "  predictors: [{name: p, graph: {name: m, type: X}}, 7]\n")),
      ElementsAre("apiVersion: \"machinelearning.seldon.io/v2\" is not one of "
                  "machinelearning.seldon.io/v1, machinelearning.seldon.io/v1alpha2, "
                  "machinelearning.seldon.io/v1alpha3",
                  "metadata.name: a number, but must be a string: \"1\"",
                  "metadata.namespace: an array, but must be a string",
                  "spec.protocol: \"http\" is not one of seldon, tensorflow, v2, kfserving",
                  "spec.transport: \"REST\" is not one of rest, grpc",
                  "spec.annotations.a: a number, but must be a string: \"1\"",
                  "spec.replicas: a string, but must be a number",
                  "spec.predictors[0].graph.type: \"X\" is not one of UNKNOWN_TYPE, ROUTER, "
                  "COMBINER, MODEL, TRANSFORMER, OUTPUT_TRANSFORMER",
                  "spec.predictors[1]: a number, but must be an object"));
}

TEST(DeploymentProblems, NameTheWrongKindOrVersion) {
  EXPECT_THAT(said(read_yaml("apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: x}\n")),
              ElementsAre("kind: \"Deployment\" must be SeldonDeployment"));
  EXPECT_THAT(said(read_json("{}")), ElementsAre("kind: is missing; it must be SeldonDeployment"));
  EXPECT_THAT(said(read_yaml("spec: {predictors: [{name: p, graph: {name: m}}]}")),
              ElementsAre("kind: is missing; it must be SeldonDeployment",
                          "apiVersion: is missing; machinelearning.seldon.io/v1 is needed"));
  EXPECT_THAT(said(read_yaml("kind: SeldonDeployment\napiVersion: machinelearning.seldon.io/v1\n")),
              ElementsAre("spec: is missing"));
  EXPECT_THAT(said(read_yaml("kind: SeldonDeployment\napiVersion: machinelearning.seldon.io/v1\n"
                             "spec: {}")),
              ElementsAre("spec.predictors: is missing"));
  EXPECT_THAT(said(read_yaml("kind: SeldonDeployment\napiVersion: machinelearning.seldon.io/v1\n"
                             "spec: {predictors: []}")),
              ElementsAre("spec.predictors: is empty"));
}

TEST(DeploymentProblems, AreSaidOfTheDocumentsTogether) {
  EXPECT_THAT(said(read_yaml("")), ElementsAre("the file holds no SeldonDeployment"));
  EXPECT_THAT(said(read_yaml("kind: A\n---\nkind: B\n")),
              ElementsAre("the file holds no SeldonDeployment"));
  EXPECT_THAT(said(read_yaml("kind: SeldonDeployment\nmetadata: {name: a}\n---\n"
                             "kind: Service\n---\n"
                             "kind: SeldonDeployment\nmetadata: {name: b}\n")),
              ElementsAre("the file holds 2 SeldonDeployments, but one is needed: \"a\", \"b\""));
}

TEST(DeploymentProblems, SayWhereTheSyntaxIsWrong) {
  EXPECT_THAT(said(read_json("{\n \"a\": 1,\n \"b\" 2}")),
              ElementsAre("line 3, column 6: Missing a colon after a name of object member."));
  EXPECT_THAT(said(read_json("{} {}")), ElementsAre("line 1, column 4: The document root must not "
                                                    "be followed by other values."));
  EXPECT_THAT(said(read_yaml("a: b\nc: d: e\n")),
              ElementsAre("line 2, column 5: illegal map value"));
  EXPECT_THAT(said(read_yaml(std::string("a: \0b", 5))),
              ElementsAre("the file holds a zero byte: it is no text"));
  EXPECT_THAT(said(read_json("\"\xff\"")), ElementsAre("the file is not UTF-8"));
}

}  // namespace
}  // namespace infergraph::graph
