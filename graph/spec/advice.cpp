#include "graph/spec/advice.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/nearest_name.hpp"
#include "graph/spec/component_advice.hpp"
#include "graph/spec/ignored.hpp"
#include "graph/spec/parameter_advice.hpp"
#include "graph/spec/server_kind.hpp"

namespace infergraph::graph {

namespace {

using namespace std::string_view_literals;

/// The servers that Seldon ships, and the built-in units.
constexpr std::array kImplementations{
    "SKLEARN_SERVER"sv, "XGBOOST_SERVER"sv, "TENSORFLOW_SERVER"sv,  "MLFLOW_SERVER"sv,
    "TRITON_SERVER"sv,  "TEMPO_SERVER"sv,   "HUGGINGFACE_SERVER"sv, "SIMPLE_MODEL"sv,
    "SIMPLE_ROUTER"sv,  "RANDOM_ABTEST"sv,  "AVERAGE_COMBINER"sv};

std::string at(const NodeSpec& node, std::string_view member) {
  return member_path(node.path, member);
}

bool is_router(const NodeSpec& node) {
  return node.type == NodeType::kRouter || node.methods.route ||
         node.implementation == Implementation::kSimpleRouter ||
         node.implementation == Implementation::kRandomAbTest;
}

bool is_combiner(const NodeSpec& node) {
  return node.type == NodeType::kCombiner || node.methods.aggregate ||
         node.implementation == Implementation::kAverageCombiner;
}

std::string_view role_of(const NodeSpec& node) {
  if (is_built_in(node.implementation)) return node.implementation_name;
  if (is_router(node)) return "a ROUTER";
  return "a COMBINER";
}

std::string listed(const std::vector<NodeSpec>& nodes, std::span<const std::size_t> which) {
  constexpr std::size_t kMost = 5;
  std::string names;
  for (std::size_t i = 0; i < which.size() && i < kMost; ++i) {
    names += (i == 0 ? "" : ", ") + quoted(nodes[which[i]].name);
  }
  return names + (which.size() > kMost ? ", …" : "");
}

void advise_names(const std::vector<NodeSpec>& nodes, Problems& warnings) {
  constexpr std::size_t kLongestLabel = 63;
  std::unordered_map<std::string_view, const NodeSpec*> first;
  for (const NodeSpec& node : nodes) {
    const auto [seen, is_new] = first.try_emplace(node.name, &node);
    if (!is_new) {
      warnings.add(at(node, "name"),
                   quoted(node.name) + " is also the name of " + seen->second->path +
                       ": both are called, but routing, status and metadata mean that one; give "
                       "each a name of its own");
      continue;
    }
    const bool is_template = node.name.find("{{") != node.name.npos;
    const bool is_odd = std::ranges::any_of(node.name, [](char c) {
      return static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '/' || c == '"';
    });
    if (is_template) {
      warnings.add(at(node, "name"), quoted(node.name) +
                                         " is a template: render it first (helm "
                                         "template)");
    } else if (is_odd || node.name.size() > kLongestLabel) {
      warnings.add(at(node, "name"),
                   quoted(node.name) +
                       " is hardly a name: Kubernetes takes small letters, digits "
                       "and \"-\", at most 63; is a quote not closed?");
    }
  }
}

void advise_ab_test(const std::vector<NodeSpec>& nodes, const NodeSpec& node, Problems& warnings) {
  if (node.children.size() == 1) {
    warnings.add(at(node, "children"),
                 "RANDOM_ABTEST chooses between two children, but there is 1: requests that go to "
                 "the other fail; add it");
  } else if (node.children.size() > 2) {
    warnings.add(at(node, "children"), "RANDOM_ABTEST chooses between the first two children: " +
                                           listed(nodes, std::span(node.children).subspan(2)) +
                                           " is never called");
  }
}

void advise_children(const std::vector<NodeSpec>& nodes, const NodeSpec& node, Problems& warnings) {
  if (node.children.empty()) {
    if (is_router(node) || is_combiner(node)) {
      warnings.add(at(node, "children"), std::string(role_of(node)) +
                                             " without children is never asked: the request "
                                             "passes it unchanged; give it children");
    } else if (is_fan_out(node)) {
      warnings.add(node.path, quoted(node.name) +
                                  " is never called, since it has no type, no methods, no "
                                  "endpoint and no container; give it \"type: MODEL\"");
    }
    return;
  }
  if (node.implementation == Implementation::kRandomAbTest) {
    advise_ab_test(nodes, node, warnings);
  } else if (node.implementation == Implementation::kSimpleRouter && node.children.size() > 1) {
    warnings.add(at(node, "children"), "SIMPLE_ROUTER always takes the first child: " +
                                           listed(nodes, std::span(node.children).subspan(1)) +
                                           " is never called");
  } else if (node.children.size() > 1 && !is_router(node) && !is_combiner(node)) {
    warnings.add(at(node, "children"),
                 "all of its " + std::to_string(node.children.size()) +
                     " children are called, but nothing combines their answers: that of " +
                     quoted(nodes[node.children.front()].name) +
                     " counts; did you mean a COMBINER or a ROUTER?");
  }
}

void advise_implementation(const NodeSpec& node, const NodeNotes& notes, Problems& warnings) {
  const std::string_view name = node.implementation_name;
  if (node.implementation == Implementation::kUnknown) return;
  const bool is_known = std::ranges::find(kImplementations, name) != kImplementations.end();
  if (!is_known) {
    warnings.add(Place(Place(node.path), "implementation"), [&] {
      return quoted(name) +
             " is none that Seldon ships, so it is taken for a server of your operator's own, a "
             "MODEL" +
             did_you_mean(name, kImplementations);
    });
  }
  if (node.implementation == Implementation::kPrepackaged) {
    if (!notes.type.empty() && notes.type != "MODEL" && notes.type != "UNKNOWN_TYPE") {
      warnings.add(at(node, "type"), quoted(notes.type) + " counts for nothing: " + quoted(name) +
                                         " is a prepackaged server, and so a MODEL");
    }
    if (is_known && node.model_uri.empty() && name != "HUGGINGFACE_SERVER") {
      warnings.add(at(node, "modelUri"),
                   "is missing: " + quoted(name) +
                       " is a prepackaged server, which Kubernetes refuses without one; say where "
                       "its model is");
    }
    return;
  }
  const bool routes = node.implementation == Implementation::kSimpleRouter ||
                      node.implementation == Implementation::kRandomAbTest;
  const std::string_view type = routes                                                ? "ROUTER"
                                : node.implementation == Implementation::kSimpleModel ? "MODEL"
                                                                                      : "COMBINER";
  if (!notes.type.empty() && notes.type != type && notes.type != "UNKNOWN_TYPE") {
    warnings.add(at(node, "type"), quoted(notes.type) + " counts for nothing: " +
                                       std::string(name) + " is a " + std::string(type));
  }
}

void advise_address(const NodeSpec& node, const NodeNotes& notes, bool has_container,
                    Problems& warnings) {
  if (!notes.port_is_made || has_container) return;
  const Endpoint& endpoint = node.endpoint;
  const std::uint16_t port = endpoint.service_port;
  // The operator makes a container for a prepackaged server.
  const bool is_server = node.implementation == Implementation::kPrepackaged;
  const bool is_proxied = node.implementation_name == "TENSORFLOW_SERVER";
  warnings.add(at(node, "endpoint"),
               std::string(is_server ? "no port is given: outside a cluster"
                                     : "no port and no container is given:") +
                   " the node is expected at " + endpoint.service_host + ":" +
                   std::to_string(port) +
                   ", as the operator counts; give service_host and httpPort or grpcPort" +
                   (is_proxied ? " (of its proxy; rest_endpoint or grpc_endpoint say where "
                                 "TensorFlow Serving itself is)"
                               : ""));
}

/// Nodes that share a port, unless their server tells them apart by the model's name.
void advise_shared_ports(const std::vector<NodeSpec>& nodes, protocol::Protocol protocol,
                         Problems& warnings) {
  struct Tenant {
    const NodeSpec* node;
    std::string model;
  };
  std::map<std::pair<std::string_view, std::uint16_t>, Tenant> tenants;
  for (const NodeSpec& node : nodes) {
    if (is_in_process(node)) continue;
    const ServerKind kind = server_kind_of(node, protocol);
    const std::string model = kind.protocol == protocol::Protocol::kSeldon ? "" : kind.model.name;
    const Endpoint& endpoint = node.endpoint;
    std::vector<std::pair<std::uint16_t, std::string_view>> ports;
    if (endpoint.http_port != 0) ports.emplace_back(endpoint.http_port, "httpPort");
    if (endpoint.grpc_port != 0 && endpoint.grpc_port != endpoint.http_port) {
      ports.emplace_back(endpoint.grpc_port, "grpcPort");
    }
    for (const auto& [port, key] : ports) {
      const auto [tenant, is_new] =
          tenants.try_emplace({endpoint.service_host, port}, Tenant{&node, model});
      const NodeSpec& other = *tenant->second.node;
      if (is_new || other.name == node.name) continue;
      if (!model.empty() && model != tenant->second.model) continue;
      warnings.add(at(node, "endpoint"), endpoint.service_host + ":" + std::to_string(port) +
                                             " is also where " + quoted(other.name) +
                                             " is: each node needs a port of its own");
      break;
    }
  }
}

}  // namespace

void advise(const PredictorReading& reading, protocol::Protocol protocol, VariableFault fault,
            Problems& warnings) {
  // Half a graph has only half of its children.
  if (reading.is_cut) return;
  const std::vector<NodeSpec>& nodes = reading.predictor.nodes;
  advise_names(nodes, warnings);
  const ContainerNames containers(reading);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const NodeSpec& node = nodes[i];
    advise_implementation(node, reading.notes[i], warnings);
    advise_children(nodes, node, warnings);
    advise_parameters(node, warnings);
    if (node.logger) advise_logger(*node.logger, at(node, "logger"), warnings);
    if (is_in_process(node)) continue;
    containers.advise_node(node, warnings);
    advise_address(node, reading.notes[i], containers.has(node.name), warnings);
  }
  containers.advise_unused(warnings);
  advise_shared_ports(nodes, protocol, warnings);
  for (const Variable& variable : reading.variables) {
    const Place place(variable.path);
    advise_variable(variable.name, variable.value, fault, Place(place, "name"), warnings);
  }
  if (reading.has_tls) advise_tls(member_path(reading.path, "ssl"), warnings);
}

void advise_traffic(std::span<const PredictorReading> readings, Problems& warnings) {
  constexpr std::int64_t kWhole = 100;
  std::int64_t sum = 0;
  std::size_t live = 0;
  std::string path;
  std::string shares;
  for (const PredictorReading& reading : readings) {
    if (reading.traffic && (*reading.traffic < 0 || *reading.traffic > kWhole)) {
      warnings.add(member_path(reading.path, "traffic"),
                   std::to_string(*reading.traffic) + " is no share of 100: give 0 to 100");
      return;
    }
    if (reading.is_shadow) continue;
    ++live;
    const std::int64_t share = reading.traffic.value_or(0);
    sum += share;
    if (live <= 8) shares += (live == 1 ? "" : " + ") + std::to_string(share);
    path = member_path(reading.path, "traffic");
  }
  if (sum == kWhole || live == 0 || (live == 1 && sum == 0)) return;
  if (live == 1) {
    warnings.add(path, std::to_string(sum) +
                           ", but it is the only predictor: all of the traffic "
                           "comes here; give 100 or leave it out");
    return;
  }
  warnings.add(path, "the shares of the predictors add up to " + std::to_string(sum) + " (" +
                         shares + (live > 8 ? " + …" : "") +
                         "), not to 100, which Kubernetes refuses");
}

}  // namespace infergraph::graph
