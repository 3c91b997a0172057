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
  std::optional<std::chrono::milliseconds> node_timeout;        ///< of each call; none: no limit
};

struct TryWalk {
  protocol::Result<protocol::Payload> answer;
  graph::Clock::duration took{};
};

/// Walks `request` through `predictor`, whose remote nodes are called over REST where their
/// endpoints say. Blocks until it has ended.
/// Owns: an I/O thread of its own, gone when this returns.
/// Errors: in the walk's answer.
TryWalk walk_once(const graph::PredictorSpec& predictor, const TryRequest& request,
                  TryRecorder& recorder);

}  // namespace infergraph::engine
