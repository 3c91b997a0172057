#include "engine/tools/stub/fleet.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "engine/grpc/front.hpp"
#include "engine/grpc/thread.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/stub/grpc.hpp"
#include "engine/tools/stub/tfserving/server.hpp"
#include "engine/tools/stub/v2/server.hpp"
#include "graph/spec/server_kind.hpp"

namespace infergraph::engine {

using protocol::Protocol;
using protocol::Result;
using protocol::Status;
using protocol::Transport;

namespace {

// As of TensorFlow Serving's example for handwritten digits.
constexpr std::size_t kDefaultInputs = 784;
constexpr std::size_t kDefaultOutputs = 10;

std::unique_ptr<StubServer> make_server(Protocol personality, const graph::NodeSpec& node,
                                        std::string model, const StubSettings& settings) {
  if (personality == Protocol::kSeldon) return nullptr;
  std::vector<std::string> names = {std::move(model)};
  // In the operator's layout a server has its model under the unit's name, whatever the parameter
  // says (docs/wire/graph.md §5).
  if (node.name != names.front()) names.push_back(node.name);
  names.insert(names.end(), settings.models.begin(), settings.models.end());
  if (personality == Protocol::kV2) {
    return std::make_unique<V2Server>(std::move(names), settings.weights);
  }
  std::shared_ptr<const SoftmaxModel> scalars;
  auto weights = settings.weights;
  // What stands between models must not choke on what they take and give.
  const bool is_model =
      node.type == graph::NodeType::kModel || node.type == graph::NodeType::kUnknown;
  if (weights == nullptr && is_model) {
    weights =
        std::make_shared<const SoftmaxModel>(SoftmaxModel::made(kDefaultInputs, kDefaultOutputs));
    scalars = std::make_shared<const SoftmaxModel>(SoftmaxModel::half_plus_two());
  }
  return std::make_unique<TfServing>(std::move(names), std::move(weights), std::move(scalars));
}

}  // namespace

// The gRPC front of one stand-in, with a thread of its own: a completion queue is one server's.
struct StubFleet::GrpcSide {
  GrpcSide(IoThread& io, StubService& stub) {
    const StubCaller caller{thread, io, stub};
    if (stub.stub().server() == nullptr) {
      service = std::make_unique<StubGrpc>(caller);
    } else {
      service = std::make_unique<StubServerGrpc>(caller);
    }
  }
  ~GrpcSide() {
    if (front) front->drain(std::chrono::milliseconds(0));
    thread.stop();
  }

  GrpcThread thread{0};
  std::unique_ptr<GrpcService> service;
  std::unique_ptr<GrpcFront> front;
};

StubFleet::StubFleet(Runtime& runtime, const graph::PredictorSpec& predictor,
                     const Options& options)
    : runtime_(runtime) {
  for (const TreePlace& place : tree_order(predictor)) {
    const graph::NodeSpec& node = predictor.nodes[place.node];
    if (is_in_process(node)) continue;
    StandIn stand_in = make_stand_in(node, options, options.seed + place.node);
    stand_in.node = place.node;
    stand_ins_.push_back(std::move(stand_in));
  }
}

StubFleet::StandIn StubFleet::make_stand_in(const graph::NodeSpec& node, const Options& options,
                                            std::uint64_t seed) {
  StubSettings settings = stub_settings_of(node, options.overrides, problems_);
  const graph::ServerKind kind = graph::server_kind_of(node, options.protocol);
  StandIn stand_in;
  stand_in.personality = settings.personality.value_or(kind.protocol);
  settings.personality = stand_in.personality;
  stand_in.is_direct = kind.direct && stand_in.personality == kind.protocol;
  const graph::Endpoint& endpoint = stand_in.is_direct ? *kind.direct : node.endpoint;
  stand_in.host = endpoint.service_host;
  // A node with one port for both is called as a component is.
  const bool by_both = stand_in.personality != Protocol::kSeldon && !endpoint.type &&
                       endpoint.http_port != endpoint.grpc_port;
  const auto is_called = [&](Transport transport) {
    return by_both ? graph::is_callable(endpoint, transport)
                   : transport_of(endpoint, options.transport) == transport;
  };
  auto server = make_server(stand_in.personality, node, kind.model.name, settings);
  stand_in.stub = std::make_unique<StubNode>(node, std::move(settings), seed, std::move(server));
  stand_in.service = std::make_unique<StubService>(*stand_in.stub, options.on_event);
  if (is_called(Transport::kRest)) stand_in.http_port = endpoint.http_port;
  if (is_called(Transport::kGrpc)) {
    stand_in.grpc_port = endpoint.grpc_port;
    stand_in.grpc = std::make_unique<GrpcSide>(runtime_.thread(0), *stand_in.service);
  }
  return stand_in;
}

StubFleet::~StubFleet() = default;

void StubFleet::share_addresses() {
  for (std::size_t i = 0; i < stand_ins_.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const StandIn& first = stand_ins_[k];
      const bool is_one = first.answered_by == nullptr && first.host == stand_ins_[i].host &&
                          first.personality == stand_ins_[i].personality &&
                          first.http_port == stand_ins_[i].http_port &&
                          first.grpc_port == stand_ins_[i].grpc_port;
      if (!is_one) continue;
      stand_ins_[i].answered_by = &first;
      first.service->add(*stand_ins_[i].stub);
      break;
    }
  }
}

Result<void> StubFleet::check_ports() const {
  std::map<std::uint16_t, std::string_view> names;
  for (const StandIn& stand_in : stand_ins_) {
    if (stand_in.answered_by != nullptr) continue;
    const std::string& name = stand_in.stub->node().name;
    for (const std::uint16_t port : {stand_in.http_port, stand_in.grpc_port}) {
      if (port == 0) continue;
      const auto [known, fresh] = names.emplace(port, name);
      if (fresh) continue;
      return Status(protocol::Code::kUnavailable,
                    "nodes \"" + std::string(known->second) + "\" and \"" + name +
                        "\" both have port " + std::to_string(port) +
                        "; on one machine each needs its own (or run infergraph try --stub)");
    }
  }
  return {};
}

Result<void> StubFleet::open(Ports ports) {
  if (ports == Ports::kOwn) {
    share_addresses();
    if (auto checked = check_ports(); !checked) return checked;
  }
  for (StandIn& stand_in : stand_ins_) {
    if (stand_in.answered_by != nullptr) continue;
    const bool by_http = stand_in.grpc == nullptr || stand_in.http_port != 0;
    if (by_http) {
      if (auto opened = open_http(stand_in, ports); !opened) return opened;
    }
    if (stand_in.grpc == nullptr) continue;
    if (auto opened = open_grpc(stand_in, ports); !opened) return opened;
  }
  return {};
}

void StubFleet::call_here(const StandIn& stand_in, graph::NodeSpec& node) {
  if (stand_in.is_direct) {
    const auto here = [](std::uint16_t port) -> std::optional<graph::NodeSettings::Address> {
      if (port == 0) return std::nullopt;
      return graph::NodeSettings::Address{"127.0.0.1", port};
    };
    node.settings.rest_endpoint = here(stand_in.http_port);
    node.settings.grpc_endpoint = here(stand_in.grpc_port);
    return;
  }
  node.settings.rest_endpoint.reset();
  node.settings.grpc_endpoint.reset();
  graph::Endpoint& endpoint = node.endpoint;
  endpoint.service_host = "127.0.0.1";
  endpoint.grpc_host.clear();
  endpoint.http_port = stand_in.http_port;
  endpoint.grpc_port = stand_in.grpc_port;
  endpoint.type.reset();
  if (stand_in.http_port == 0) endpoint.type = Transport::kGrpc;
  if (stand_in.grpc_port == 0) endpoint.type = Transport::kRest;
}

Result<void> StubFleet::open_grpc(StandIn& stand_in, Ports ports) {
  GrpcFrontOptions options;
  options.port = ports == Ports::kOwn ? stand_in.grpc_port : std::uint16_t{0};
  options.addresses = {"localhost"};
  stand_in.grpc->front =
      std::make_unique<GrpcFront>(stand_in.grpc->thread, *stand_in.grpc->service, options);
  const auto port = stand_in.grpc->front->open();
  stand_in.grpc->thread.start();
  if (!port) {
    return Status(port.error().code(), port.error().message(), stand_in.stub->node().name);
  }
  stand_in.grpc_port = *port;
  stand_in.grpc->front->set_serving(true);
  return {};
}

Result<void> StubFleet::open_http(StandIn& stand_in, Ports ports) {
  const bool own = ports == Ports::kOwn;
  // ::1 comes second: a kernel may lack IPv6, and a free port need not be free on both.
  for (const std::string_view address : {"127.0.0.1", "::1"}) {
    ListenerOptions options;
    options.port = own ? stand_in.http_port : std::uint16_t{0};
    options.addresses = {std::string(address)};
    auto listener = std::make_unique<HttpListener>(
        runtime_, options, std::vector<HttpListener::ThreadService>{{stand_in.service.get()}});
    const auto port = listener->open();
    if (port) {
      stand_in.http_port = *port;
      stand_in.listeners.push_back(std::move(listener));
    } else if (address == "127.0.0.1") {
      return Status(port.error().code(), port.error().message(), stand_in.stub->node().name);
    }
    if (!own) break;
  }
  return {};
}

void StubFleet::close(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (StandIn& stand_in : stand_ins_) {
    for (const auto& listener : stand_in.listeners) {
      listener->drain(
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
    }
    stand_in.listeners.clear();
    if (stand_in.grpc && stand_in.grpc->front) {
      stand_in.grpc->front->drain(
          std::max(std::chrono::milliseconds(0),
                   std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now())));
    }
  }
}

}  // namespace infergraph::engine
