#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>

#include "base/deadline.hpp"
#include "engine/net/pool.hpp"
#include "engine/node/call_meter.hpp"
#include "engine/node/request_head.hpp"
#include "graph/node_client.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

struct RestNodeOptions {
  std::optional<std::chrono::milliseconds> timeout;  ///< of a whole call; none: no limit
  std::chrono::milliseconds connect_timeout{2000};
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  std::string model;             ///< of protocols tensorflow and v2: what the node calls its model
  std::string status_path = {};  ///< of kStatus, where it isn't the protocol's
};

/// Calls a node over REST, in the protocol that it speaks (protocol/routes.hpp): the payload's
/// bytes go out as they are, the answer's bytes come back as they came. A caller of the same
/// protocol may name the model (CallContext::model).
///
/// What is repeated when a connection fails is repeat_after()'s to say. A 307 or 308 to the same
/// host is followed once; any other redirect is the node's error, without its Location. Threads,
/// Errors, Cancellation: see NodeClient.
class RestNode final : public graph::NodeClient {
 public:
  /// `metrics` may be null. `image` and `version` are label values.
  RestNode(std::string name, HttpPool& pool, RestNodeOptions options, metrics::Families* metrics,
           const std::string& image, const std::string& version);

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload payload,
                                                      graph::CallContext& context) override;

 private:
  class Exchange;
  using Answer = protocol::Result<protocol::Payload>;

  /// `target` is asked for instead of the method's own path, unless it is empty; comes back as the
  /// Location of a redirect.
  Awaitable<Answer> send(protocol::Method method, const protocol::Payload& payload,
                         graph::CallContext& context, Deadline limit, std::string& target);
  Awaitable<std::optional<protocol::Status>> connect(Exchange& exchange, protocol::Method method,
                                                     Deadline limit);
  protocol::Payload payload_of(const ResponseReader& reader) const;
  protocol::Status error_of(const ResponseReader& reader, const TcpEndpoint& peer,
                            std::string& target) const;
  protocol::Status bad_status(int status, const TcpEndpoint& peer) const;
  bool is_redirect(const Answer& answer, protocol::Method method, const graph::CallContext& context,
                   std::string& target) const;
  protocol::Status failed(protocol::Code code, std::string_view what) const;
  protocol::Status failed(protocol::Code code, std::string_view what,
                          const TcpEndpoint& peer) const;

  std::string name_;
  HttpPool& pool_;
  RestNodeOptions options_;
  Clock::duration timeout_;  // of a whole call
  RequestHead head_;
  CallMeter meter_;
};

}  // namespace infergraph::engine
