#include "graph/spec_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "graph/defaulting.hpp"
#include "graph/fields.hpp"
#include "graph/json_tree.hpp"
#include "graph/predictor_reader.hpp"
#include "graph/problems.hpp"
#include "graph/settings_reader.hpp"
#include "graph/validation.hpp"
#include "graph/yaml_tree.hpp"
#include "protocol/base64.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

using namespace std::string_view_literals;

/// How deep a graph may be, by the form in which it came: yaml-cpp recurses.
constexpr std::size_t kMaxDepthInYaml = 200;
constexpr std::size_t kMaxDepthInJson = 1000;

constexpr std::size_t kMaxFileBytes = 64 << 20;

constexpr std::string_view kKind = "SeldonDeployment";
constexpr std::array kApiVersions{std::pair{"machinelearning.seldon.io/v1"sv, 0},
                                  std::pair{"machinelearning.seldon.io/v1alpha2"sv, 0},
                                  std::pair{"machinelearning.seldon.io/v1alpha3"sv, 0}};
constexpr std::array kProtocols{std::pair{"seldon"sv, "seldon"sv},
                                std::pair{"tensorflow"sv, "tensorflow"sv},
                                std::pair{"v2"sv, "v2"sv}, std::pair{"kfserving"sv, "kfserving"sv}};
constexpr std::array kTransports{std::pair{"rest"sv, "rest"sv}, std::pair{"grpc"sv, "grpc"sv}};

/// What stands in a file: trees, each with the problems that came up while it was read.
struct Documents {
  std::vector<YamlDocument> documents;
  std::size_t max_depth = kMaxDepthInJson;
};

SpecReading only_problem(std::string path, std::string message) {
  SpecReading reading;
  reading.problems.push_back({std::move(path), std::move(message)});
  return reading;
}

protocol::Result<Documents> parse(std::string_view text, SpecFormat format) {
  if (const std::string_view why = why_not_text(text); !why.empty()) {
    return protocol::Status(protocol::Code::kInvalidArgument, "the file " + std::string(why));
  }
  Documents read;
  // JSON is almost YAML: where the difference matters (escapes, tabs) JSON's own reader is right.
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool may_be_json = first != text.npos && text[first] == '{';
  if (format == SpecFormat::kJson || may_be_json) {
    auto tree = parse_json(text);
    if (tree) {
      read.documents.push_back({*std::move(tree), {}});
      return read;
    }
    if (format == SpecFormat::kJson) return tree.error();
  }
  auto documents = parse_yaml(text);
  if (!documents) return documents.error();
  read.documents = *std::move(documents);
  read.max_depth = kMaxDepthInYaml;
  return read;
}

/// The text of a member that is a string, else nothing.
std::string_view text_of(const JsonValue* object, std::string_view name) {
  const JsonValue* const value = object == nullptr ? nullptr : object->member(name);
  return value != nullptr && value->kind == Kind::kString ? value->text : std::string_view();
}

bool is_deployment(const YamlDocument& document) {
  return text_of(&document.tree.root(), "kind") == kKind;
}

/// The one SeldonDeployment among them; null with a problem if there is none or several.
const YamlDocument* choose(const std::vector<YamlDocument>& documents, Problems& problems) {
  const auto first = std::ranges::find_if(documents, is_deployment);
  if (first == documents.end()) {
    if (documents.size() == 1 && documents.front().tree.root().is_object()) {
      const Place whole("");
      const Fields fields(&documents.front().tree.root(), whole, problems);
      const std::string_view kind = fields.string("kind");
      fields.add_problem(
          "kind", (kind.empty() ? "is missing; it" : quoted(kind)) + " must be SeldonDeployment");
      return &documents.front();
    }
    problems.add("", "the file holds no SeldonDeployment");
    return nullptr;
  }
  if (std::find_if(std::next(first), documents.end(), is_deployment) == documents.end()) {
    return &*first;
  }
  std::string names;
  std::size_t count = 0;
  constexpr std::size_t kMostNamed = 20;
  for (const YamlDocument& document : documents) {
    if (!is_deployment(document) || ++count > kMostNamed) continue;
    names += names.empty() ? "" : ", ";
    names += quoted(text_of(document.tree.root().member("metadata"), "name"));
  }
  if (count > kMostNamed) names += ", …";
  problems.add(
      "", "the file holds " + grouped(count) + " SeldonDeployments, but one is needed: " + names);
  return nullptr;
}

std::vector<PredictorReading> read_predictors(const Fields& spec, std::size_t max_depth) {
  std::vector<PredictorReading> readings;
  const JsonValue* const predictors = spec.array("predictors");
  if (predictors == nullptr || predictors->size == 1) {
    spec.add_problem("predictors", predictors == nullptr ? "is missing" : "is empty");
    return readings;
  }
  PredictorReader reader(max_depth, spec.problems());
  const Place list(spec.place(), "predictors");
  std::size_t index = 0;
  for (const JsonValue& predictor : predictors->children()) {
    const Place place(list, index++);
    if (!spec.expect(predictor, place, Kind::kObject)) continue;
    readings.push_back(reader.read(predictor, place.text()));
  }
  return readings;
}

/// Members that mean nothing to the engine, but whose type is known.
void check_ignored(const Fields& spec) {
  for (const std::string_view name : {"oauth_key", "oauth_secret", "serverType"}) {
    (void)spec.string(name);
  }
  (void)spec.integer("replicas");
}

DeploymentSpec read_tree(const JsonValue& root, std::size_t max_depth, Problems& problems) {
  DeploymentSpec deployment;
  const Place whole("");
  const Fields fields(&root, whole, problems);
  const JsonValue* const spec_value = fields.object("spec");
  const bool has_predictors = spec_value != nullptr && spec_value->member("predictors") != nullptr;
  // Something of another kind: its other members are none of our business.
  if (problems.any_in("kind") && !has_predictors) return deployment;

  const auto version = fields.one_of("apiVersion", EnumNames<int>(kApiVersions));
  if (!version) {
    fields.add_problem("apiVersion", "is missing; machinelearning.seldon.io/v1 is needed");
  }
  const Place metadata_place(whole, "metadata");
  const Fields metadata(fields.object("metadata"), metadata_place, problems);
  const Place spec_place(whole, "spec");
  const Fields spec(spec_value, spec_place, problems);
  if (spec_value == nullptr) {
    fields.add_problem("spec", "is missing");
    return deployment;
  }
  const std::string_view spec_name = spec.string("name");
  deployment.name = metadata.string("name");
  if (deployment.name.empty()) deployment.name = spec_name;
  deployment.namespace_ = metadata.string("namespace");
  using Words = EnumNames<std::string_view>;
  deployment.protocol = spec.one_of("protocol", Words(kProtocols)).value_or("");
  deployment.transport = spec.one_of("transport", Words(kTransports)).value_or("");
  deployment.annotations = spec.strings("annotations");
  check_ignored(spec);

  std::vector<PredictorReading> readings = read_predictors(spec, max_depth);
  Defaulting defaulting(deployment.transport == "grpc");
  validate_names(readings, problems);
  for (PredictorReading& reading : readings) {
    defaulting.fill(reading);
    complete(reading.predictor);
    validate(reading, problems);
    deployment.predictors.push_back(std::move(reading.predictor));
  }
  return deployment;
}

constexpr std::string_view kPodPath = "podinfo";

void read_all_settings(DeploymentSpec& deployment, const Annotations& pod, Problems& warnings) {
  std::set<std::string_view> all;
  for (const PredictorSpec& predictor : deployment.predictors) {
    for (const NodeSpec& node : predictor.nodes) all.insert(node.name);
  }
  const Place spec("spec");
  const Place list(spec, "predictors");
  const auto protocol =
      protocol::protocol_of(deployment.protocol).value_or(protocol::Protocol::kSeldon);
  std::size_t index = 0;
  for (PredictorSpec& predictor : deployment.predictors) {
    const std::string own = Place(Place(list, index++), "annotations").text();
    const std::array levels{
        AnnotationLevel{"the predictor", own, predictor.annotations},
        AnnotationLevel{"the deployment", "spec.annotations", deployment.annotations, &all},
        AnnotationLevel{"the pod", kPodPath, pod, &all}};
    read_settings(predictor, levels, protocol, warnings);
  }
}

std::optional<SpecFormat> format_of(const std::string& file_name) {
  std::string extension = std::filesystem::path(file_name).extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (extension == ".json") return SpecFormat::kJson;
  if (extension == ".yaml" || extension == ".yml") return SpecFormat::kYaml;
  return std::nullopt;
}

}  // namespace

SpecReading read_deployment(std::string_view text, SpecFormat format, const Annotations& pod) {
  const auto read = parse(text, format);
  if (!read) return only_problem("", read.error().message());
  Problems problems;
  SpecReading reading;
  if (const YamlDocument* const document = choose(read->documents, problems)) {
    for (const Problem& problem : document->problems) problems.add(problem.path, problem.message);
    reading.deployment = read_tree(document->tree.root(), read->max_depth, problems);
    Problems warnings;
    read_all_settings(reading.deployment, pod, warnings);
    reading.warnings = warnings.take();
  }
  reading.problems = problems.take();
  return reading;
}

SpecReading read_engine_predictor(std::string_view base64, const Annotations& pod) {
  constexpr std::string_view kName = "ENGINE_PREDICTOR";
  const auto refuse = [&](std::string why) {
    return only_problem(std::string(kName), std::move(why));
  };
  if (base64.empty()) return refuse("is set but empty");
  const auto text = protocol::decode_padded_base64(base64);
  if (!text) return refuse("is not base64 (standard alphabet, padded)");
  if (const std::string_view why = why_not_text(*text); !why.empty()) {
    return refuse("what is encoded " + std::string(why));
  }
  const auto tree = parse_json(*text);
  if (!tree) return refuse("is not JSON: " + tree.error().message());

  Problems problems;
  SpecReading reading;
  const Place place(kName);
  const Fields whole(nullptr, place, problems);
  if (whole.expect(tree->root(), place, Kind::kObject)) {
    PredictorReader reader(kMaxDepthInJson, problems);
    std::array readings{reader.read(tree->root(), std::string(kName))};
    complete(readings.front().predictor);
    validate_names(readings, problems);
    validate(readings.front(), problems);
    PredictorSpec& predictor = readings.front().predictor;
    const std::string own = Place(place, "annotations").text();
    // The deployment's are in the pod's: the operator puts them there.
    const std::array levels{AnnotationLevel{"the predictor", own, predictor.annotations},
                            AnnotationLevel{"the pod", kPodPath, pod}};
    Problems warnings;
    read_settings(predictor, levels, std::nullopt, warnings);
    reading.warnings = warnings.take();
    reading.deployment.predictors.push_back(std::move(predictor));
  }
  reading.problems = problems.take();
  return reading;
}

SpecReading read_deployment_file(const std::string& file_name, const Annotations& pod) {
  const auto format = format_of(file_name);
  if (!format) return only_problem("", "the file's name must end in .yaml, .yml or .json");
  std::error_code error;
  if (std::filesystem::is_directory(file_name, error)) {
    return only_problem("", "can't read the file: it is a directory");
  }
  std::ifstream file(file_name, std::ios::binary);
  if (!file) {
    return only_problem("", "can't read the file: " + std::generic_category().message(errno));
  }
  std::string text;
  std::array<char, 64 << 10> piece{};
  while (file && text.size() <= kMaxFileBytes) {
    file.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) return only_problem("", "can't read the file");
  if (text.size() > kMaxFileBytes) {
    return only_problem("", "the file is larger than " + grouped(kMaxFileBytes) + " bytes");
  }
  return read_deployment(text, *format, pod);
}

}  // namespace infergraph::graph
