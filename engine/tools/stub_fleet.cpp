#include "engine/tools/stub_fleet.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "engine/front/grpc_front.hpp"
#include "engine/grpc/grpc_thread.hpp"
#include "engine/tools/spec_text.hpp"
#include "engine/tools/stub_grpc.hpp"

namespace infergraph::engine {

using protocol::Result;
using protocol::Status;

// The gRPC front of one stand-in, with a thread of its own: a completion queue is one server's.
struct StubFleet::GrpcSide {
  GrpcSide(IoThread& io, StubService& stub) : service(thread, io, stub) {}
  ~GrpcSide() {
    if (front) front->drain(std::chrono::milliseconds(0));
    thread.stop();
  }

  GrpcThread thread{0};
  StubGrpc service;
  std::unique_ptr<GrpcFront> front;
};

StubFleet::StubFleet(Runtime& runtime, const graph::PredictorSpec& predictor,
                     const Options& options)
    : runtime_(runtime) {
  for (const TreePlace& place : tree_order(predictor)) {
    const graph::NodeSpec& node = predictor.nodes[place.node];
    if (is_built_in(node.implementation)) continue;
    const bool by_grpc = transport_of(node, options.transport) == protocol::Transport::kGrpc;
    Seat seat;
    seat.node = place.node;
    seat.port = by_grpc ? node.endpoint.grpc_port : node.endpoint.http_port;
    seat.stub = std::make_unique<StubNode>(
        node, stub_settings_of(node, options.overrides, problems_), options.seed + place.node);
    seat.service = std::make_unique<StubService>(*seat.stub, options.on_event);
    if (by_grpc) seat.grpc = std::make_unique<GrpcSide>(runtime.thread(0), *seat.service);
    seats_.push_back(std::move(seat));
  }
}

StubFleet::~StubFleet() = default;

Result<void> StubFleet::open(Ports ports) {
  if (ports == Ports::kOwn) {
    std::map<std::uint16_t, std::string_view> names;
    for (const Seat& seat : seats_) {
      const std::string& name = seat.stub->node().name;
      const auto [known, fresh] = names.emplace(seat.port, name);
      if (!fresh) {
        return Status(protocol::Code::kUnavailable,
                      "nodes \"" + std::string(known->second) + "\" and \"" + name +
                          "\" both have port " + std::to_string(seat.port) +
                          "; on one machine each needs its own (or run infergraph try --stub)");
      }
    }
  }
  for (Seat& seat : seats_) {
    auto opened = open_seat(seat, ports);
    if (!opened) return opened;
  }
  return {};
}

Result<void> StubFleet::open_grpc(Seat& seat, Ports ports) {
  GrpcFrontOptions options;
  options.port = ports == Ports::kOwn ? seat.port : std::uint16_t{0};
  options.address = "localhost";
  seat.grpc->front = std::make_unique<GrpcFront>(seat.grpc->thread, seat.grpc->service, options);
  const auto port = seat.grpc->front->open();
  seat.grpc->thread.start();
  if (!port) {
    return Status(port.error().code(), port.error().message(), seat.stub->node().name);
  }
  seat.port = *port;
  seat.grpc->front->set_serving(true);
  return {};
}

Result<void> StubFleet::open_seat(Seat& seat, Ports ports) {
  if (seat.grpc) return open_grpc(seat, ports);
  const bool own = ports == Ports::kOwn;
  // ::1 comes second: a kernel may lack IPv6, and a free port need not be free on both.
  for (const std::string_view address : {"127.0.0.1", "::1"}) {
    ListenerOptions options;
    options.port = own ? seat.port : 0;
    options.address = address;
    auto listener = std::make_unique<HttpListener>(
        runtime_, options, std::vector<HttpListener::Seat>{{seat.service.get()}});
    const auto port = listener->open();
    if (port) {
      seat.port = *port;
      seat.listeners.push_back(std::move(listener));
    } else if (address == "127.0.0.1") {
      return Status(port.error().code(), port.error().message(), seat.stub->node().name);
    }
    if (!own) break;
  }
  return {};
}

void StubFleet::close(std::chrono::milliseconds limit) {
  const auto deadline = graph::Clock::now() + limit;
  for (Seat& seat : seats_) {
    for (const auto& listener : seat.listeners) {
      listener->drain(
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - graph::Clock::now()));
    }
    seat.listeners.clear();
    if (seat.grpc && seat.grpc->front) {
      seat.grpc->front->drain(std::max(
          std::chrono::milliseconds(0),
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - graph::Clock::now())));
    }
  }
}

}  // namespace infergraph::engine
