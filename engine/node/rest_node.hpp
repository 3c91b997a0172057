#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "engine/node/call_meter.hpp"
#include "engine/node/http_pool.hpp"
#include "graph/node_client.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

struct RestNodeOptions {
  std::optional<std::chrono::milliseconds> timeout;  ///< of a whole call; none: no limit
  std::chrono::milliseconds connect_timeout{2000};
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  std::string model;  ///< of protocols tensorflow and v2: what the node calls its model
};

/// Calls a node over REST, in the protocol that it speaks (protocol/routes.hpp): the payload's
/// bytes go out as they are, the answer's bytes come back as they came. A caller of the same
/// protocol may name the model (CallContext::model).
///
/// A call that fails on a reused connection before any byte of the answer is repeated once on a
/// fresh one: the node had closed it while it lay idle. Feedback is repeated only if nothing of it
/// was written, since a reward must not count twice.
/// Threads, Errors, Cancellation: see NodeClient.
class RestNode final : public graph::NodeClient {
 public:
  /// One text for each protocol::Method.
  using Texts = std::array<std::string, protocol::kMethodCount>;

  /// `metrics` may be null. `image` and `version` are label values.
  RestNode(std::string name, HttpPool& pool, RestNodeOptions options, metrics::Families* metrics,
           const std::string& image, const std::string& version);

  graph::Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                             protocol::Payload payload,
                                                             graph::CallContext& context) override;

 private:
  class Exchange;
  using Answer = protocol::Result<protocol::Payload>;

  graph::Awaitable<Answer> send(protocol::Method method, const protocol::Payload& payload,
                                graph::CallContext& context, Clock::time_point started);
  graph::Awaitable<std::optional<protocol::Status>> connect(Exchange& exchange,
                                                            Clock::time_point limit);
  void write_request_line(std::string& head, protocol::Method method,
                          const graph::CallContext& context) const;
  void write_head(std::string& head, protocol::Method method, const protocol::Payload& payload,
                  const graph::CallContext& context) const;
  protocol::Status failed(protocol::Code code, std::string_view what) const;

  std::string name_;
  HttpPool& pool_;
  RestNodeOptions options_;
  Texts paths_;
  std::string host_;  // "host:port", for the Host header and messages
  Texts request_lines_;
  CallMeter meter_;
};

}  // namespace infergraph::engine
