#include "graph/spec/deployment_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph/spec/advice.hpp"
#include "graph/spec/defaulting.hpp"
#include "graph/spec/fields.hpp"
#include "graph/spec/predictor_reader.hpp"
#include "graph/spec/schema.hpp"
#include "graph/spec/settings_reader.hpp"
#include "graph/spec/validation.hpp"

namespace infergraph::graph {

using protocol::json::Kind;

namespace {

using namespace std::string_view_literals;

constexpr std::array kApiVersions{"machinelearning.seldon.io/v1"sv,
                                  "machinelearning.seldon.io/v1alpha2"sv,
                                  "machinelearning.seldon.io/v1alpha3"sv};
constexpr std::array kProtocols{std::pair{"seldon"sv, "seldon"sv},
                                std::pair{"tensorflow"sv, "tensorflow"sv},
                                std::pair{"v2"sv, "v2"sv}, std::pair{"kfserving"sv, "kfserving"sv}};
constexpr std::array kTransports{std::pair{"rest"sv, "rest"sv}, std::pair{"grpc"sv, "grpc"sv}};

std::vector<PredictorReading> read_predictors(const Fields& spec, std::size_t max_depth) {
  std::vector<PredictorReading> readings;
  if (!spec.has("predictors")) {
    spec.add_problem("predictors", "is missing");
    return readings;
  }
  const JsonValue* const predictors = spec.array("predictors");
  if (predictors == nullptr) return readings;
  if (predictors->size == 1) spec.add_problem("predictors", "is empty");
  PredictorReader reader(max_depth, spec.findings());
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
  for (const std::string_view name : {"oauth_key", "oauth_secret"}) (void)spec.string(name);
  (void)spec.integer("replicas");
  if (spec.string("serverType") == "kafka") {
    spec.warn("serverType", "Kafka is not in this release: requests come by REST and gRPC alone");
  }
}

/// A port that can't be read was given all the same.
void forget_made_ports(PredictorReading& reading, const Problems& problems) {
  if (problems.empty()) return;
  for (std::size_t i = 0; i < reading.notes.size(); ++i) {
    NodeNotes& notes = reading.notes[i];
    if (!notes.port_is_made) continue;
    notes.port_is_made = !problems.any_in(member_path(reading.predictor.nodes[i].path, "endpoint"));
  }
}

/// Whose annotations count, beside a predictor's own.
struct Levels {
  const Annotations& deployment;
  std::string path;  ///< of the deployment's; "" where it is unknown, as in a bare predictor
  const Annotations& pod;
};

void read_all_settings(std::vector<PredictorReading>& readings, const Levels& levels,
                       std::optional<protocol::Protocol> protocol, Findings& findings) {
  if (readings.empty()) return;
  std::set<std::string_view> all;
  for (const PredictorReading& reading : readings) {
    for (const NodeSpec& node : reading.predictor.nodes) all.insert(node.name);
  }
  SettingsReader reader(std::move(all), protocol, findings);
  // Of a bare predictor the deployment's are in the pod's: the operator puts them there.
  const bool is_bare = levels.path.empty();
  if (!is_bare) reader.share({"the deployment", levels.path, levels.deployment});
  // Likewise, whichever predictor they are about.
  reader.share({"the pod", kPodPath, levels.pod, is_bare});
  for (PredictorReading& reading : readings) {
    const std::string own = member_path(reading.path, "annotations");
    reader.read(reading.predictor, {"the predictor", own, reading.predictor.annotations});
  }
}

/// What is filled, validated and advised once all of a file is read.
void complete_all(std::vector<PredictorReading>& readings, const Levels& levels,
                  const EngineFacts& engine, DeploymentSpec& deployment, Findings& findings) {
  const bool is_bare = levels.path.empty();
  Defaulting defaulting(deployment.transport == "grpc");
  for (PredictorReading& reading : readings) {
    name_nodes(reading, findings.warnings);
    // What is bare comes from the operator, which has filled it.
    if (!is_bare) defaulting.fill(reading);
    complete(reading, findings.warnings);
    validate(reading, findings.problems);
    forget_made_ports(reading, findings.problems);
  }
  const auto known = protocol::protocol_of(deployment.protocol);
  const auto protocol = known.value_or(protocol::Protocol::kSeldon);
  read_all_settings(readings, levels, is_bare ? std::nullopt : std::optional(protocol), findings);
  for (PredictorReading& reading : readings) {
    advise(reading, engine.protocol.value_or(protocol), engine.variable_fault, findings.warnings);
    advise_annotations(reading.predictor.annotations, member_path(reading.path, "annotations"),
                       engine.variable_fault, findings.warnings);
    deployment.predictors.push_back(std::move(reading.predictor));
  }
}

void name_predictors(std::vector<PredictorReading>& readings, Problems& warnings) {
  for (std::size_t i = 0; i < readings.size(); ++i) {
    std::string& name = readings[i].predictor.name;
    if (!name.empty()) continue;
    name = readings.size() == 1 ? "default" : "predictor-" + std::to_string(i + 1);
    warnings.add(member_path(readings[i].path, "name"),
                 "is missing: the predictor is called " + graph::quoted(name) +
                     " here, but Kubernetes refuses it; give a name");
  }
}

/// Names become header lines and labels; others the engine refuses.
bool may_be_header(std::string_view name) {
  return !name.starts_with(' ') && !name.ends_with(' ') && std::ranges::none_of(name, [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7F;
  });
}

constexpr std::string_view kNoHeader =
    " has control characters, or spaces around it, with which the engine doesn't start";

/// The name of a predictor can't be given otherwise; that of another one hinders nobody.
void check_predictor_name(const PredictorReading& reading, bool is_alone, Findings& findings) {
  const std::string& name = reading.predictor.name;
  if (may_be_header(name)) return;
  Problems& found = is_alone ? findings.problems : findings.warnings;
  found.add(member_path(reading.path, "name"), quoted(name) + std::string(kNoHeader));
}

/// What the engine is given by flags in a pod, and takes from the file elsewhere.
void check_identity(const DeploymentSpec& deployment, const Place& metadata,
                    const Place& name_place, Problems& warnings) {
  if (deployment.name.empty()) {
    warnings.add(Place(metadata, "name"), "is missing: without --sdep the engine doesn't start");
  } else if (!may_be_header(deployment.name)) {
    warnings.add(name_place, quoted(deployment.name) + std::string(kNoHeader) + " without --sdep");
  }
  if (!may_be_header(deployment.namespace_)) {
    warnings.add(Place(metadata, "namespace"),
                 quoted(deployment.namespace_) + std::string(kNoHeader) + " without --namespace");
  }
}

void read_head(const Fields& fields, Findings& findings) {
  if (!fields.has("kind")) {
    fields.warn("kind", "is missing; kind: SeldonDeployment is needed by Kubernetes");
  } else if (fields.string("kind") != "SeldonDeployment") {
    constexpr std::array kKinds{"SeldonDeployment"sv};
    const std::string_view kind = fields.string("kind");
    fields.warn("kind", graph::quoted(kind) +
                            " is read as SeldonDeployment, since it has predictors" +
                            did_you_mean(kind, kKinds));
  }
  if (!fields.has("apiVersion")) {
    fields.warn("apiVersion", "is missing; machinelearning.seldon.io/v1 is needed by Kubernetes");
    return;
  }
  const std::string_view version = fields.string("apiVersion");
  if (version.empty() || std::ranges::find(kApiVersions, version) != kApiVersions.end()) return;
  findings.warnings.add(Place(fields.place(), "apiVersion"), not_one_of(version, kApiVersions));
}

/// The text of a scalar of metadata, which is Kubernetes' to judge.
std::string metadata_text(const Fields& metadata, std::string_view name) {
  return std::string(metadata.any_text(name));
}

}  // namespace

DeploymentSpec read_deployment(const JsonValue& root, const std::string& path,
                               std::size_t max_depth, const Annotations& pod,
                               const EngineFacts& engine, Findings& findings) {
  DeploymentSpec deployment;
  const Place whole(path);
  const Fields fields(&root, whole, findings);
  check_keys(root, whole, schema::kDocument, findings.warnings);
  read_head(fields, findings);
  const Place metadata_place(whole, "metadata");
  const Fields metadata(fields.object("metadata"), metadata_place, findings);
  deployment.name = metadata_text(metadata, "name");
  deployment.namespace_ = metadata_text(metadata, "namespace");
  if (!fields.has("spec")) {
    fields.add_problem("spec", "is missing: it holds the predictors with their graphs");
    return deployment;
  }
  const Place spec_place(whole, "spec");
  const Fields spec(fields.object("spec"), spec_place, findings);
  if (spec.value() == nullptr) return deployment;
  check_keys(*spec.value(), spec_place, schema::kSpec, findings.warnings);
  const std::string_view spec_name = spec.string("name");
  const bool has_own_name = !deployment.name.empty();
  if (!has_own_name) deployment.name = spec_name;
  check_identity(deployment, metadata_place,
                 Place(has_own_name ? metadata_place : spec_place, "name"), findings.warnings);
  using Words = EnumNames<std::string_view>;
  deployment.protocol = spec.one_of("protocol", Words(kProtocols)).value_or("");
  deployment.transport = spec.one_of("transport", Words(kTransports)).value_or("");
  deployment.annotations = spec.strings("annotations");
  advise_annotations(deployment.annotations, member_path(spec_place.text(), "annotations"),
                     engine.variable_fault, findings.warnings);
  check_ignored(spec);

  std::vector<PredictorReading> readings = read_predictors(spec, max_depth);
  name_predictors(readings, findings.warnings);
  for (const PredictorReading& reading : readings) {
    check_predictor_name(reading, readings.size() == 1, findings);
  }
  validate_names(readings, findings.problems);
  advise_traffic(readings, findings.warnings);
  const Levels levels{deployment.annotations, member_path(spec_place.text(), "annotations"), pod};
  complete_all(readings, levels, engine, deployment, findings);
  return deployment;
}

DeploymentSpec read_predictor(const JsonValue& root, const std::string& path, std::size_t max_depth,
                              const Annotations& pod, const EngineFacts& engine,
                              Findings& findings) {
  DeploymentSpec deployment;
  const Place place(path);
  const Fields whole(nullptr, place, findings);
  if (!whole.expect(root, place, Kind::kObject)) return deployment;
  PredictorReader reader(max_depth, findings);
  std::vector<PredictorReading> readings;
  readings.push_back(reader.read(root, path));
  // In ENGINE_PREDICTOR it counts for nothing.
  if (path.empty()) check_predictor_name(readings.front(), true, findings);
  complete_all(readings, {deployment.annotations, "", pod}, engine, deployment, findings);
  return deployment;
}

}  // namespace infergraph::graph
