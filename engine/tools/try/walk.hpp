#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/tools/try/message.hpp"
#include "engine/tools/try/recorder.hpp"
#include "graph/call_context.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// One request to be sent through a graph.
struct TryRequest {
  std::string body;
  bool is_feedback = false;
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  ///< of the whole walk
  std::optional<std::chrono::milliseconds> rest_timeout;        ///< of each call; none: no limit
  std::optional<std::chrono::milliseconds> grpc_timeout;        ///< likewise
  /// How nodes are called that can be called both ways: there is no front to say so.
  protocol::Transport transport = protocol::Transport::kRest;
  /// What the request is written in.
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  /// What the nodes speak that don't say otherwise.
  protocol::Protocol graph_protocol = protocol::Protocol::kSeldon;
  /// Of what is random in the process; none: other numbers each time.
  std::optional<std::uint64_t> seed;
  /// Routers that aren't asked, by name, and the branch of each (−1 all children, −2 none).
  std::map<std::string, int> branches;
};

struct TryWalk {
  protocol::Result<protocol::Payload> answer;
  Clock::duration took{};
};

/// The inputs of the first model on the way through `predictor` whose server tells them; none if
/// none does. Blocks, some seconds at most. Only the protocols of `request` matter, and how nodes
/// are called.
std::vector<ModelInput> ask_for_inputs(const graph::PredictorSpec& predictor,
                                       const TryRequest& request);

/// Walks `request` through `predictor`, whose remote nodes are called where their endpoints say.
/// Blocks until it has ended. The answer is JSON, whichever way the last node was called.
/// Owns: threads of its own, gone when this returns.
/// Errors: in the walk's answer.
TryWalk walk_once(const graph::PredictorSpec& predictor, const TryRequest& request,
                  TryRecorder& recorder);

}  // namespace infergraph::engine
