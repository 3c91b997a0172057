#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string_view>

#include "engine/net/http_service.hpp"
#include "engine/tools/stub/server.hpp"
#include "engine/tools/stub/settings.hpp"
#include "graph/spec/spec.hpp"
#include "protocol/protocol.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// What a stand-in has been asked.
struct StubCounts {
  std::array<std::uint64_t, protocol::kMethodCount> calls{};  ///< by protocol::Method
  std::uint64_t other = 0;   ///< pings, and paths that a component doesn't have
  std::uint64_t errors = 0;  ///< answered with an error, injected or not

  std::uint64_t total() const;
};

/// The stand-in of one node: decides what to answer and when, and counts. Knows no socket and no
/// clock. Every path of a component is answered, whatever the node's type
/// (docs/wire/wrapper.md §2); an unknown one as the wrapper does, with a 500. Or a model
/// server speaks for it, whose paths these are then. Threads: one.
class StubNode {
 public:
  using Reply = StubReply;

  /// `server` speaks for it; null for a component made with the Python wrapper.
  StubNode(graph::NodeSpec node, StubSettings settings, std::uint64_t seed,
           std::unique_ptr<StubServer> server = nullptr);

  Reply reply(const HttpRequest& request);
  /// Whether a request that comes to the address of several nodes is for this one: it names a model
  /// of it, or is what a node of its type is asked.
  bool is_for(const HttpRequest& request) const;
  /// The answer when HTTP itself goes wrong.
  HttpResponse refuse(const protocol::Status& why) const;

  /// Null for a component made with the Python wrapper.
  const StubServer* server() const { return server_.get(); }
  StubServer* server() { return server_.get(); }
  const graph::NodeSpec& node() const { return node_; }
  const StubCounts& counts() const { return counts_; }

 private:
  HttpResponse answer(protocol::Method method, const HttpRequest& request);
  Reply reply_elsewhere(std::string_view path, std::string_view verb);
  Reply reply_of_server(const HttpRequest& request);
  Reply answer_of_server(protocol::Method method, const HttpRequest& request);
  bool draw_failure();
  int choose_branch();
  std::chrono::nanoseconds draw_delay();

  graph::NodeSpec node_;
  StubSettings settings_;
  StubCounts counts_;
  std::mt19937_64 random_;
  int next_branch_ = 0;
  std::unique_ptr<StubServer> server_;
};

/// The method behind a component's path, or none: "/predict", "/api/v1.0/predictions", ….
std::optional<protocol::Method> stub_method(std::string_view path);

}  // namespace infergraph::engine
