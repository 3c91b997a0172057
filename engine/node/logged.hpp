#pragma once

#include <memory>
#include <string>

#include "graph/node_client.hpp"

namespace infergraph::engine {

/// Writes a line of level debug for each call of a node. Stands in front of it only where such
/// lines are written, so that the others' calls cost nothing more. Threads, Errors, Cancellation:
/// as the node's.
class LoggedNode final : public graph::NodeClient {
 public:
  /// `host`: where the node is known to be, "host:port".
  LoggedNode(std::string name, std::string host, std::shared_ptr<graph::NodeClient> client)
      : name_(std::move(name)), host_(std::move(host)), client_(std::move(client)) {}

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload payload,
                                                      graph::CallContext& context) override;

 private:
  std::string name_;
  std::string host_;
  std::shared_ptr<graph::NodeClient> client_;
};

/// `client`, behind a LoggedNode if lines of level debug are written.
std::shared_ptr<graph::NodeClient> logged(const std::string& name, const std::string& host,
                                          std::uint16_t port,
                                          std::shared_ptr<graph::NodeClient> client);

}  // namespace infergraph::engine
