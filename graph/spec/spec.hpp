#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/spec/node_settings.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::graph {

/// `type` of a predictive unit. Source: docs/wire/graph.md §1.
enum class NodeType : std::uint8_t {
  kUnknown,
  kModel,
  kRouter,
  kCombiner,
  kTransformer,
  kOutputTransformer
};

/// `implementation` of a predictive unit; every prepackaged server is kPrepackaged, with its name
/// in NodeSpec::implementation_name.
enum class Implementation : std::uint8_t {
  kUnknown,
  kSimpleModel,
  kSimpleRouter,
  kRandomAbTest,
  kAverageCombiner,
  kPrepackaged,
};

/// True for the four units that live in the process and are never called.
inline bool is_built_in(Implementation implementation) {
  return implementation != Implementation::kUnknown &&
         implementation != Implementation::kPrepackaged;
}

/// `methods` of a predictive unit, one bit each.
struct MethodSet {
  bool transform_input = false;
  bool transform_output = false;
  bool route = false;
  bool aggregate = false;
  bool send_feedback = false;

  bool operator==(const MethodSet&) const = default;
};

/// `parameters[i]`. The value stays text; `type` is INT, FLOAT, DOUBLE, STRING or BOOL as written.
struct Parameter {
  std::string name;
  std::string value;
  std::string type;
};

/// `endpoint`, after service_port has stood in for what was missing. A port of 0 means none.
struct Endpoint {
  std::string service_host;
  std::uint16_t service_port = 0;
  std::uint16_t http_port = 0;
  std::uint16_t grpc_port = 0;
  std::optional<protocol::Transport> type;
  std::string grpc_host;  ///< of grpc_port, where it isn't service_host; else empty
};

/// Whether a node there can be called so: by its type alone if it has one, else if it has the port.
inline bool is_callable(const Endpoint& endpoint, protocol::Transport transport) {
  if (endpoint.type) return *endpoint.type == transport;
  return (transport == protocol::Transport::kRest ? endpoint.http_port : endpoint.grpc_port) != 0;
}

/// `logger`: which payloads of the node are logged, and where to.
struct LoggerSpec {
  std::string mode;
  std::string url;
};

/// One node of a graph. Nodes lie in a flat array in pre-order; children are indices into it, so
/// that a graph a thousand levels deep is destroyed and copied without recursion.
struct NodeSpec {
  std::string name;
  NodeType type = NodeType::kUnknown;
  Implementation implementation = Implementation::kUnknown;
  std::string implementation_name;
  MethodSet methods;
  Endpoint endpoint;
  std::vector<Parameter> parameters;
  NodeSettings settings;  ///< from annotations and parameters (graph/spec/settings_reader.hpp)
  std::optional<LoggerSpec> logger;
  std::string model_uri;
  std::string image;          ///< container image without the tag; empty when there is none
  std::string image_version;  ///< the tag: what follows the last colon after the last slash
  std::string path;  ///< where it stands in the file: "spec.predictors[0].graph.children[1]"
  std::vector<std::size_t> children;
};

/// True for a node without type, methods and address: a mere fan-out, which is never called and
/// always ready.
inline bool is_fan_out(const NodeSpec& node) {
  const Endpoint& endpoint = node.endpoint;
  return node.type == NodeType::kUnknown && node.implementation == Implementation::kUnknown &&
         node.methods == MethodSet() && endpoint.service_host.empty() &&
         endpoint.service_port == 0 && endpoint.http_port == 0 && endpoint.grpc_port == 0;
}

/// True for a node that nothing outside stands for.
inline bool is_in_process(const NodeSpec& node) {
  return is_built_in(node.implementation) || is_fan_out(node);
}

using Annotations = std::map<std::string, std::string, std::less<>>;

/// One predictor: the graph that one engine walks. nodes[0] is the root.
struct PredictorSpec {
  std::string name;
  Annotations annotations;
  Annotations labels;
  std::vector<NodeSpec> nodes;

  /// The annotation `version`, else the label `version`, else "" (docs/wire/engine.md §6).
  std::string version() const;
};

/// A SeldonDeployment as far as the engine is concerned.
struct DeploymentSpec {
  std::string name;         ///< metadata.name, else spec.name
  std::string namespace_;   ///< metadata.namespace
  std::string protocol;     ///< spec.protocol as written, "" when absent
  std::string transport;    ///< spec.transport as written, "" when absent
  Annotations annotations;  ///< spec.annotations
  std::vector<PredictorSpec> predictors;
};

}  // namespace infergraph::graph
