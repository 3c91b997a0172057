#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/tools/stub/model.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// How a router's stand-in chooses a branch.
enum class RouteChoice { kFixed, kRandom, kRoundRobin };

/// What the stand-in of a node of `protocol` is: "seldon" (a component made with the Python
/// wrapper), "tfserving" or "v2".
std::string_view personality_text(protocol::Protocol protocol);

/// How the stand-in of one node behaves.
struct StubSettings {
  std::chrono::nanoseconds latency{0};
  std::chrono::nanoseconds jitter{0};  ///< latency varies evenly by this much either way
  double error_rate = 0;               ///< share of calls that are answered with a 500
  RouteChoice route_choice = RouteChoice::kFixed;
  int route = 0;  ///< for kFixed; −1 is all children, −2 none
  /// The answer to predict, transform and aggregate; null for one made from the message.
  std::shared_ptr<const std::string> payload;
  /// Whose stand-in; nothing: as the graph has it.
  std::optional<protocol::Protocol> personality;
  /// Names under which a model server has its model too.
  std::vector<std::string> models;
  /// What a model server computes; null: its own default.
  std::shared_ptr<const SoftmaxModel> weights;
};

/// Sets `key` (latency, jitter, error_rate, route, payload, personality, models, weights) of
/// `settings` to
/// `value`. payload is a body as it stands, @FILE for a file's bytes, or a size ("100", "64KB",
/// "1MiB") for a message of that many bytes; weights is a file (engine/tools/stub/model.hpp) or
/// sizes ("784x10") of a made-up model. Gives back what is wrong, or "".
std::string set_stub(StubSettings& settings, std::string_view key, std::string_view value);

/// One --set NODE.key=value; NODE is a node's name or * for all.
struct StubOverride {
  std::string node;
  std::string key;
  std::string value;
};

/// Reads "NODE.key=value" and tries the value; gives back what is wrong, or "".
std::string read_override(std::string_view text, std::vector<StubOverride>& into);

/// What the flag --set is about, for --help.
std::string set_help();

/// The settings of `node`: its parameters stub_latency, stub_jitter, stub_error_rate,
/// stub_route, stub_payload, stub_personality, stub_models and stub_weights, over them the
/// overrides for *, over these the node's own. What is wrong with a parameter is appended to
/// `problems`.
StubSettings stub_settings_of(const graph::NodeSpec& node,
                              const std::vector<StubOverride>& overrides,
                              std::vector<std::string>& problems);

/// A seldon message of exactly `bytes` bytes: one row of numbers as far as there is room for one.
std::string payload_of_size(std::size_t bytes);

/// "", or which override names a node that the graph doesn't have or that has no stand-in.
std::string unknown_override(const graph::PredictorSpec& predictor,
                             const std::vector<StubOverride>& overrides);

}  // namespace infergraph::engine
