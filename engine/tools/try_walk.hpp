#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "engine/tools/try_recorder.hpp"
#include "graph/call_context.hpp"
#include "graph/spec.hpp"
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
  /// What the request is written in, and the nodes that don't say otherwise.
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
};

struct TryWalk {
  protocol::Result<protocol::Payload> answer;
  graph::Clock::duration took{};
};

/// Walks `request` through `predictor`, whose remote nodes are called where their endpoints say.
/// Blocks until it has ended. The answer is JSON, whichever way the last node was called.
/// Owns: threads of its own, gone when this returns.
/// Errors: in the walk's answer.
TryWalk walk_once(const graph::PredictorSpec& predictor, const TryRequest& request,
                  TryRecorder& recorder);

}  // namespace infergraph::engine
