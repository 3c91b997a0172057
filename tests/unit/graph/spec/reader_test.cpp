#include "graph/spec/reader.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/unit/graph/spec/graph_text.hpp"

namespace infergraph::graph {
namespace {

using protocol::Transport;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SpecReader, ReadsEveryFieldOfAFile) {
  const SpecReading reading = read_deployment_file(data_file("chain.yaml"));
  ASSERT_THAT(said(reading), IsEmpty());
  const DeploymentSpec& deployment = reading.deployment;
  EXPECT_EQ(deployment.name, "chain");
  EXPECT_EQ(deployment.namespace_, "models");
  EXPECT_EQ(deployment.annotations, (Annotations{{"seldon.io/rest-timeout", "1500"}}));
  ASSERT_EQ(deployment.predictors.size(), 1);
  const PredictorSpec& predictor = deployment.predictors[0];
  EXPECT_EQ(predictor.name, "main");
  EXPECT_EQ(predictor.version(), "v1");

  ASSERT_EQ(predictor.nodes.size(), 2);
  const NodeSpec& scale = predictor.nodes[0];
  EXPECT_EQ(scale.name, "scale");
  EXPECT_EQ(scale.type, NodeType::kTransformer);
  EXPECT_EQ(scale.path, "spec.predictors[0].graph");
  EXPECT_THAT(scale.children, ElementsAre(1));
  EXPECT_EQ(scale.image, "registry.example:5000/prep/scale");
  EXPECT_EQ(scale.image_version, "0.1");
  EXPECT_EQ(scale.endpoint.service_host, "10.0.0.7");
  EXPECT_EQ(scale.endpoint.type, Transport::kRest);

  const NodeSpec& classify = predictor.nodes[1];
  EXPECT_EQ(classify.type, NodeType::kModel);
  EXPECT_EQ(classify.path, "spec.predictors[0].graph.children[0]");
  EXPECT_TRUE(classify.methods.send_feedback);
  EXPECT_FALSE(classify.methods.route);
  EXPECT_EQ(classify.image, "example/classify");
  EXPECT_EQ(classify.image_version, "");
  EXPECT_EQ(classify.endpoint.service_host, "localhost");
  ASSERT_TRUE(classify.logger.has_value());
  EXPECT_EQ(classify.logger->mode, "request");
  EXPECT_EQ(classify.logger->url, "http://sink:8080/");
  ASSERT_EQ(classify.parameters.size(), 1);
  EXPECT_EQ(classify.parameters[0].name, "threshold");
  EXPECT_EQ(classify.parameters[0].value, "0.5");
  EXPECT_EQ(classify.parameters[0].type, "FLOAT");
}

TEST(SpecReader, ReadsBuiltInUnitsInPreOrder) {
  const SpecReading reading = read_deployment_file(data_file("built_in.json"));
  ASSERT_THAT(said(reading), IsEmpty());
  const std::vector<NodeSpec>& nodes = reading.deployment.predictors[0].nodes;
  std::vector<std::string> names(nodes.size());
  std::ranges::transform(nodes, names.begin(), &NodeSpec::name);
  EXPECT_THAT(names, ElementsAre("split", "a", "mean", "b", "route", "c"));
  EXPECT_THAT(nodes[0].children, ElementsAre(1, 2));
  EXPECT_THAT(nodes[2].children, ElementsAre(3, 4));
  EXPECT_THAT(nodes[4].children, ElementsAre(5));
  EXPECT_EQ(nodes[0].implementation, Implementation::kRandomAbTest);
  EXPECT_EQ(nodes[2].implementation, Implementation::kAverageCombiner);
  EXPECT_EQ(nodes[4].implementation, Implementation::kSimpleRouter);
  EXPECT_EQ(nodes[5].implementation, Implementation::kSimpleModel);
  EXPECT_EQ(nodes[5].endpoint.http_port, 0) << "a built-in unit has no endpoint";
}

TEST(SpecReader, TakesTheSameFromJsonAndYaml) {
  constexpr std::string_view kText =
      R"({"apiVersion":"machinelearning.seldon.io/v1alpha3","kind":"SeldonDeployment",
      "spec":{"name":"short \ud83d\ude00","predictors":[{"name":"p","graph":
      {"name":"m","type":"MODEL","endpoint":{"httpPort":9000}}}]}})";
  for (const SpecFormat format : {SpecFormat::kJson, SpecFormat::kYaml}) {
    const SpecReading reading = read_deployment(kText, format);
    EXPECT_THAT(said(reading), IsEmpty());
    EXPECT_EQ(reading.deployment.name, "short \U0001F600") << "spec.name stands in";
    EXPECT_EQ(reading.deployment.predictors.at(0).nodes.at(0).endpoint.http_port, 9000);
  }
}

TEST(SpecReader, MatchesKeysInAnyCaseTheExactOneFirst) {
  const SpecReading reading = read_json(
      R"({"APIVERSION":"machinelearning.seldon.io/v1","Kind":"SeldonDeployment",
      "Spec":{"Predictors":[{"NAME":"p","Graph":{"Name":"folded","name":"exact","type":"MODEL",
      "Endpoint":{"httpport":9000,"SERVICE_HOST":"h"}}}]}})");
  ASSERT_THAT(said(reading), IsEmpty());
  const NodeSpec& node = reading.deployment.predictors[0].nodes[0];
  EXPECT_EQ(node.name, "exact");
  EXPECT_EQ(node.endpoint.http_port, 9000);
  EXPECT_EQ(node.endpoint.service_host, "h");
}

TEST(SpecReader, TakesTheLastOfRepeatedJsonKeys) {
  const SpecReading reading = read_json(
      R"({"apiVersion":"machinelearning.seldon.io/v1","kind":"SeldonDeployment","spec":{"predictors":
      [{"name":"p","graph":{"name":"a","name":"b","implementation":"SIMPLE_MODEL"}}]}})");
  ASSERT_THAT(said(reading), IsEmpty());
  EXPECT_EQ(reading.deployment.predictors[0].nodes[0].name, "b");
}

TEST(SpecReader, IgnoresUnknownKeysAndCountsNullAsAbsent) {
  const SpecReading reading =
      read_yaml(yaml_around("{name: m, type: ~, colour: [1, {a: b}], children: null, endpoint: "
                            "{httpPort: 9000, type: ''},"
                            " logger: ~, parameters: ~, methods: ~}",
                            "    annotations: {a: ~, b: c}\n"));
  ASSERT_THAT(said(reading), IsEmpty());
  EXPECT_EQ(reading.deployment.predictors[0].annotations, (Annotations{{"b", "c"}}));
  EXPECT_EQ(reading.deployment.predictors[0].nodes[0].type, NodeType::kUnknown);
}

TEST(SpecReader, TakesAnyScalarAsTheValueOfAParameter) {
  const SpecReading reading = read_yaml(yaml_around(
      "{name: m, implementation: SIMPLE_MODEL, parameters: [{name: a, value: 0.50, type: FLOAT},"
      "{name: b, value: true, type: BOOL}, {name: c, value: '7', type: INT}, {name: d}]}"));
  ASSERT_THAT(said(reading), IsEmpty());
  std::vector<std::string> values;
  for (const Parameter& parameter : reading.deployment.predictors[0].nodes[0].parameters) {
    values.push_back(parameter.value);
  }
  EXPECT_THAT(values, ElementsAre("0.5", "true", "7", ""));
}

TEST(SpecReader, LetsServicePortStandInForThePortOfTheType) {
  struct Case {
    std::string endpoint;
    int http;
    int grpc;
  };
  const std::vector<Case> cases{
      {"{service_port: 9000}", 9000, 9000},
      {"{service_port: 9000, type: REST}", 9000, 0},
      {"{service_port: 9000, type: GRPC}", 0, 9000},
      {"{service_port: 9000, httpPort: 1, grpcPort: 2}", 1, 2},
      {"{service_port: 9000, httpPort: 1}", 1, 9000},
      {"{service_port: 9000, httpPort: 9000}", 9000, 0},
      {"{service_port: 9000, grpcPort: 9000}", 0, 9000},
      {"{service_port: 9000, httpPort: 1, type: REST}", 1, 0},
      {"{service_port: 0, httpPort: 65535}", 65535, 0},
      {"{grpcPort: 0x10}", 0, 16},
      {"{grpcPort: 010}", 0, 8},
      {"{httpPort: 9e3}", 9000, 0},
      {"{httpPort: 9_000}", 9000, 0},
      {"{service_port: 9000, httpPort: 9000, type: GRPC}", 9000, 0},
  };
  for (const Case& each : cases) {
    const SpecReading reading =
        read_yaml(yaml_around("{name: m, type: MODEL, endpoint: " + each.endpoint + "}"));
    ASSERT_THAT(said(reading), IsEmpty()) << each.endpoint;
    const Endpoint& endpoint = reading.deployment.predictors[0].nodes[0].endpoint;
    EXPECT_EQ(endpoint.http_port, each.http) << each.endpoint;
    EXPECT_EQ(endpoint.grpc_port, each.grpc) << each.endpoint;
    EXPECT_EQ(endpoint.service_host, "localhost") << each.endpoint;
  }
}

TEST(SpecReader, TakesEveryTextThatTheEnumerationsAllow) {
  const std::vector<std::pair<std::string, NodeType>> types{
      {"UNKNOWN_TYPE", NodeType::kUnknown},
      {"ROUTER", NodeType::kRouter},
      {"COMBINER", NodeType::kCombiner},
      {"MODEL", NodeType::kModel},
      {"TRANSFORMER", NodeType::kTransformer},
      {"OUTPUT_TRANSFORMER", NodeType::kOutputTransformer}};
  for (const auto& [text, type] : types) {
    const SpecReading reading =
        read_yaml(yaml_around("{name: m, endpoint: {httpPort: 1}, type: " + text + "}"));
    ASSERT_THAT(said(reading), IsEmpty()) << text;
    EXPECT_EQ(reading.deployment.predictors[0].nodes[0].type, type) << text;
  }
  const SpecReading reading = read_yaml(
      yaml_around("{name: m, endpoint: {httpPort: 1}, methods: "
                  "[TRANSFORM_INPUT, TRANSFORM_OUTPUT, ROUTE, AGGREGATE, SEND_FEEDBACK]}"));
  ASSERT_THAT(said(reading), IsEmpty());
  const MethodSet& methods = reading.deployment.predictors[0].nodes[0].methods;
  EXPECT_TRUE(methods.transform_input && methods.transform_output && methods.route &&
              methods.aggregate && methods.send_feedback);
}

TEST(SpecReader, SplitsImagesAtTheLastColonAfterTheLastSlash) {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {"a:1", "a", "1"},
      {"a", "a", ""},
      {"host:5000/a", "host:5000/a", ""},
      {"host:5000/b/a:1.2", "host:5000/b/a", "1.2"},
      {"a@sha256:00ff", "a@sha256", "00ff"}};
  for (const auto& [image, name, version] : cases) {
    const SpecReading reading = read_yaml(
        yaml_around("{name: m}", "    componentSpecs: [{spec: {containers: [{name: m, image: '" +
                                     image + "'}, {name: m, image: second}]}}]\n"));
    ASSERT_THAT(said(reading), IsEmpty()) << image;
    EXPECT_EQ(reading.deployment.predictors[0].nodes[0].image, name);
    EXPECT_EQ(reading.deployment.predictors[0].nodes[0].image_version, version);
  }
}

TEST(SpecReader, FindsTheVersionInAnnotationsThenLabels) {
  PredictorSpec predictor;
  EXPECT_EQ(predictor.version(), "");
  predictor.labels["version"] = "label";
  EXPECT_EQ(predictor.version(), "label");
  predictor.annotations["version"] = "annotation";
  EXPECT_EQ(predictor.version(), "annotation");
}

TEST(SpecReader, FindsTheSeldonDeploymentAmongDocuments) {
  const SpecReading reading = read_yaml("# nothing\n---\n---\nkind: Service\nspec: 7\n---\n" +
                                        yaml_around("{name: m}") + "---\n[1, 2]\n...\n");
  EXPECT_THAT(said(reading), IsEmpty());
  EXPECT_EQ(reading.deployment.name, "d");
}

TEST(SpecReader, ReadsFlowYamlThatOnlyLooksLikeJson) {
  const SpecReading reading = read_yaml(
      "{apiVersion: machinelearning.seldon.io/v1, kind: SeldonDeployment,"
      " spec: {predictors: [{name: p, graph: {name: m}}]}}");
  EXPECT_THAT(said(reading), IsEmpty());
}

TEST(SpecReader, ExpandsAliasesAndMergeKeys) {
  const SpecReading reading = read_yaml(
      "x: &model {type: MODEL, endpoint: &e {httpPort: 9000}}\n" +
      yaml_around("{name: a, type: ROUTER, endpoint: *e, children: "
                  "[{<<: *model, name: b}, {<<: [{name: no, type: ROUTER}, *model], name: c}]}"));
  ASSERT_THAT(said(reading), IsEmpty());
  const std::vector<NodeSpec>& nodes = reading.deployment.predictors[0].nodes;
  EXPECT_EQ(nodes[0].endpoint.http_port, 9000);
  EXPECT_EQ(nodes[1].name, "b");
  EXPECT_EQ(nodes[1].type, NodeType::kModel);
  EXPECT_EQ(nodes[2].name, "c");
  EXPECT_EQ(nodes[2].type, NodeType::kRouter) << "the earlier of a merge list wins";
  EXPECT_EQ(nodes[2].endpoint.http_port, 9000);
}

TEST(EnginePredictor, IsABarePredictor) {
  // {"name":"x","graph":{"name":"m","endpoint":{"service_port":9000,"type":"REST"}},"replicas":0,
  //  "componentSpecs":[{"metadata":{"creationTimestamp":null},"spec":{"containers":[
  //  {"name":"m","image":"i:1","resources":{}}]}}],"engineResources":{},"labels":{"version":"v"}}
  constexpr std::string_view kText =
      "eyJuYW1lIjoieCIsImdyYXBoIjp7Im5hbWUiOiJtIiwiZW5kcG9pbnQiOnsic2VydmljZV9wb3J0Ijo5MDAwLCJ0eXBl"
      "\n"
      "IjoiUkVTVCJ9fSwicmVwbGljYXMiOjAsImNvbXBvbmVudFNwZWNzIjpbeyJtZXRhZGF0YSI6eyJjcmVhdGlvblRpbWVz"
      "\r\n"
      "dGFtcCI6bnVsbH0sInNwZWMiOnsiY29udGFpbmVycyI6W3sibmFtZSI6Im0iLCJpbWFnZSI6Imk6MSIsInJlc291cmNl"
      "\n"
      "cyI6e319XX19XSwiZW5naW5lUmVzb3VyY2VzIjp7fSwibGFiZWxzIjp7InZlcnNpb24iOiJ2In19\n";
  const SpecReading reading = read_engine_predictor(kText);
  ASSERT_THAT(said(reading), IsEmpty());
  EXPECT_EQ(reading.deployment.name, "");
  ASSERT_EQ(reading.deployment.predictors.size(), 1);
  const PredictorSpec& predictor = reading.deployment.predictors[0];
  EXPECT_EQ(predictor.name, "x");
  EXPECT_EQ(predictor.version(), "v");
  ASSERT_EQ(predictor.nodes.size(), 1);
  EXPECT_EQ(predictor.nodes[0].path, "ENGINE_PREDICTOR.graph");
  EXPECT_EQ(predictor.nodes[0].endpoint.http_port, 9000);
  EXPECT_EQ(predictor.nodes[0].endpoint.service_host, "localhost");
  EXPECT_EQ(predictor.nodes[0].image, "i");
  EXPECT_EQ(predictor.nodes[0].type, NodeType::kUnknown) << "the operator has filled it if at all";
}

TEST(EnginePredictor, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "ENGINE_PREDICTOR: is set but empty"},
      {"e30", "ENGINE_PREDICTOR: is not base64 (standard alphabet, padded)"},
      {"e30=!", "ENGINE_PREDICTOR: is not base64 (standard alphabet, padded)"},
      {"e3s=", "ENGINE_PREDICTOR: is not JSON: line 1, column 2: Missing a name for object member"},
      {"/w==", "ENGINE_PREDICTOR: what is encoded is not UTF-8"},
      {"W10=",
       "ENGINE_PREDICTOR: an array, but must be an object: take the \"- \" or the brackets away"},
      // {"name":"x"}
      {"eyJuYW1lIjoieCJ9",
       "ENGINE_PREDICTOR.graph: is missing; if the file is a patch, build it first (kubectl "
       "kustomize)"},
      // {"name":"x","graph":{"name":"m","type":"MODEL"}}
      {"eyJuYW1lIjoieCIsImdyYXBoIjp7Im5hbWUiOiJtIiwidHlwZSI6Ik1PREVMIn19",
       "ENGINE_PREDICTOR.graph.endpoint: a node that is called needs httpPort, grpcPort or "
       "service_port"},
      // {"name":"x","graph":{"name":"m","type":7,"endpoint":{"httpPort":1}}}
      {"eyJuYW1lIjoieCIsImdyYXBoIjp7Im5hbWUiOiJtIiwidHlwZSI6NywiZW5kcG9pbnQiOnsiaHR0cFBvcnQiOjF9fX0"
       "=",
       "ENGINE_PREDICTOR.graph.type: a number, but must be a string: put it in quotes, \"7\""},
      // {"name":"x","graph":{"name":"m","endpoint":{"httpPort":"1"}}}
      {"eyJuYW1lIjoieCIsImdyYXBoIjp7Im5hbWUiOiJtIiwiZW5kcG9pbnQiOnsiaHR0cFBvcnQiOiIxIn19fQ==",
       "ENGINE_PREDICTOR.graph.endpoint.httpPort: a string, but must be a number: take the quotes "
       "off, 1"}};
  for (const auto& [text, problem] : cases) {
    EXPECT_THAT(said(read_engine_predictor(text)), ElementsAre(problem)) << text;
  }
}

TEST(SpecFile, IsReadByItsName) {
  EXPECT_THAT(said(read_deployment_file("/no/such/file.YML")),
              ElementsAre("can't read the file: No such file or directory"));
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) /
                                       ("folder_" + std::to_string(getpid()) + ".json");
  std::filesystem::create_directory(folder);
  EXPECT_THAT(said(read_deployment_file(folder)),
              ElementsAre("can't read the file: it is a directory"));
  std::filesystem::remove(folder);
}

}  // namespace
}  // namespace infergraph::graph
