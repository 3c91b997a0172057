#include "engine/tools/stub_fleet.hpp"

#include <map>
#include <string_view>
#include <utility>

#include "engine/tools/spec_text.hpp"

namespace infergraph::engine {

using protocol::Result;
using protocol::Status;

StubFleet::StubFleet(Runtime& runtime, const graph::PredictorSpec& predictor,
                     const Options& options)
    : runtime_(runtime) {
  for (const TreePlace& place : tree_order(predictor)) {
    const graph::NodeSpec& node = predictor.nodes[place.node];
    if (is_built_in(node.implementation)) continue;
    if (transport_of(node, options.transport) == protocol::Transport::kGrpc) {
      warnings_.push_back("node \"" + node.name + "\" is called over gRPC: it has no stand-in yet");
      continue;
    }
    Seat seat;
    seat.node = place.node;
    seat.port = node.endpoint.http_port;
    seat.stub = std::make_unique<StubNode>(
        node, stub_settings_of(node, options.overrides, problems_), options.seed + place.node);
    seat.service = std::make_unique<StubService>(*seat.stub, options.on_event);
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

Result<void> StubFleet::open_seat(Seat& seat, Ports ports) {
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
  }
}

}  // namespace infergraph::engine
