#include "graph/spec/schema.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>

#include "base/ascii.hpp"
#include "base/nearest_name.hpp"

namespace infergraph::graph {

namespace {

using namespace std::string_view_literals;

using Word = std::string_view;
using Meant = std::pair<Word, Word>;

constexpr std::array kDocumentKeys{"apiVersion"sv, "kind"sv, "metadata"sv, "spec"sv, "status"sv};
constexpr std::array kSpecKeys{"name"sv,      "predictors"sv,   "annotations"sv,
                               "protocol"sv,  "transport"sv,    "replicas"sv,
                               "oauth_key"sv, "oauth_secret"sv, "serverType"sv};
constexpr std::array kPredictorKeys{
    "name"sv,   "graph"sv,       "componentSpecs"sv,         "replicas"sv, "annotations"sv,
    "labels"sv, "svcOrchSpec"sv, "engineResources"sv,        "traffic"sv,  "explainer"sv,
    "shadow"sv, "ssl"sv,         "progressDeadlineSeconds"sv};
constexpr std::array kOrchestratorKeys{"resources"sv, "env"sv, "replicas"sv};
constexpr std::array kComponentKeys{"metadata"sv, "spec"sv,     "replicas"sv,
                                    "hpaSpec"sv,  "kedaSpec"sv, "pdbSpec"sv};
constexpr std::array kNodeKeys{"name"sv,
                               "type"sv,
                               "implementation"sv,
                               "methods"sv,
                               "endpoint"sv,
                               "children"sv,
                               "parameters"sv,
                               "modelUri"sv,
                               "serviceAccountName"sv,
                               "envSecretRefName"sv,
                               "storageInitializerImage"sv,
                               "logger"sv};
constexpr std::array kEndpointKeys{"service_host"sv, "service_port"sv, "type"sv, "httpPort"sv,
                                   "grpcPort"sv};
constexpr std::array kParameterKeys{"name"sv, "value"sv, "type"sv};
constexpr std::array kLoggerKeys{"url"sv, "mode"sv};
constexpr std::array kExplainerKeys{
    "type"sv,     "modelUri"sv,      "serviceAccountName"sv, "containerSpec"sv,
    "config"sv,   "endpoint"sv,      "envSecretRefName"sv,   "storageInitializerImage"sv,
    "replicas"sv, "initParameters"sv};
constexpr std::array kTlsKeys{"certSecretName"sv};

constexpr std::array kSpecMeant{Meant{"predictiveUnits", "predictors"},
                                Meant{"server", "serverType"}};
constexpr std::array kPredictorMeant{Meant{"componentSpec", "componentSpecs"},
                                     Meant{"components", "componentSpecs"},
                                     Meant{"containers", "componentSpecs"},
                                     Meant{"weight", "traffic"},
                                     Meant{"trafficPercent", "traffic"},
                                     Meant{"tls", "ssl"},
                                     Meant{"env", "svcOrchSpec"}};
constexpr std::array kNodeMeant{
    Meant{"child", "children"},      Meant{"nodes", "children"},
    Meant{"params", "parameters"},   Meant{"model_uri", "modelUri"},
    Meant{"uri", "modelUri"},        Meant{"storageUri", "modelUri"},
    Meant{"model", "modelUri"},      Meant{"method", "methods"},
    Meant{"impl", "implementation"}, Meant{"serviceAccount", "serviceAccountName"}};
constexpr std::array kEndpointMeant{Meant{"host", "service_host"},
                                    Meant{"hostname", "service_host"},
                                    Meant{"port", "service_port"},
                                    Meant{"http", "httpPort"},
                                    Meant{"rest_port", "httpPort"},
                                    Meant{"restPort", "httpPort"},
                                    Meant{"grpc", "grpcPort"},
                                    Meant{"transport", "type"},
                                    Meant{"http_service_port", "httpPort"},
                                    Meant{"grpc_service_port", "grpcPort"}};
constexpr std::array kComponentMeant{Meant{"containers", "spec"}, Meant{"template", "spec"},
                                     Meant{"podSpec", "spec"}};
constexpr std::array kParameterMeant{Meant{"key", "name"}, Meant{"val", "value"}};
constexpr std::array kLoggerMeant{Meant{"uri", "url"}, Meant{"sink", "url"}};

}  // namespace

namespace schema {
constinit const Schema kDocument{"a SeldonDeployment", kDocumentKeys, {}};
constinit const Schema kSpec{"spec", kSpecKeys, kSpecMeant};
constinit const Schema kPredictor{"a predictor", kPredictorKeys, kPredictorMeant};
constinit const Schema kOrchestrator{"svcOrchSpec", kOrchestratorKeys, {}};
constinit const Schema kComponent{"a componentSpec", kComponentKeys, kComponentMeant};
constinit const Schema kNode{"a graph node", kNodeKeys, kNodeMeant};
constinit const Schema kEndpoint{"an endpoint", kEndpointKeys, kEndpointMeant};
constinit const Schema kParameter{"a parameter", kParameterKeys, kParameterMeant};
constinit const Schema kLogger{"a logger", kLoggerKeys, kLoggerMeant};
constinit const Schema kExplainer{"an explainer", kExplainerKeys, {}};
constinit const Schema kTls{"ssl", kTlsKeys, {}};
}  // namespace schema

namespace {

bool has(const Schema& schema, std::string_view key) {
  return std::ranges::find(schema.keys, key) != schema.keys.end();
}

/// What was meant by a key that isn't there, as the end of a sentence.
std::string hint(std::string_view key, const Schema& schema) {
  std::string letters(key);
  std::erase_if(letters, [](char c) { return c == '_' || c == '-'; });
  for (const auto& [written, meant] : schema.meant) {
    if (same_name(written, key)) return "; did you mean \"" + std::string(meant) + "\"?";
  }
  for (const std::string_view known : schema.keys) {
    std::string its_letters(known);
    std::erase(its_letters, '_');
    if (same_name(letters, its_letters)) {
      return "; did you mean \"" + std::string(known) + "\"?";
    }
  }
  if (std::string near = did_you_mean(key, schema.keys); !near.empty()) return near;
  // A key of something else stands in the wrong place, mostly for its indentation.
  for (const Schema* const other : {&schema::kNode, &schema::kEndpoint, &schema::kPredictor,
                                    &schema::kSpec, &schema::kComponent, &schema::kDocument}) {
    if (other != &schema && has(*other, key)) {
      return "; it is one of " + std::string(other->what) + ": check the indentation";
    }
  }
  return "";
}

}  // namespace

void check_keys(const JsonValue& object, const Place& place, const Schema& schema,
                Problems& warnings) {
  std::unordered_set<std::string_view> told;
  for (const JsonValue& member : object.children()) {
    const std::string_view key = member.key;
    if (key.data() == nullptr || has(schema, key) || key.starts_with("x-")) continue;
    if (!told.insert(key).second) continue;
    warnings.add(Place(place, key), [&]() -> std::string {
      const auto folded = std::ranges::find_if(
          schema.keys, [&](std::string_view known) { return same_name(known, key); });
      if (folded != schema.keys.end()) {
        return "is read as \"" + std::string(*folded) +
               "\", but Kubernetes drops a key in other letters: write it so";
      }
      if (key.starts_with("$patch")) {
        return "is of a kustomize patch, which stands for nothing alone: build it first (kubectl "
               "kustomize)";
      }
      return "is no key of " + std::string(schema.what) + ", so it is ignored" + hint(key, schema);
    });
  }
}

void check_own_keys(const Fields& fields, const Schema& schema) {
  if (fields.value() == nullptr) return;
  check_keys(*fields.value(), fields.place(), schema, fields.findings().warnings);
}

}  // namespace infergraph::graph
