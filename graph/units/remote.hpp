#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "graph/node_client.hpp"
#include "graph/unit.hpp"

namespace infergraph::graph {

/// A component behind an endpoint. A payload that needs no conversion goes through untouched: only
/// routes are read, and lists built.
class RemoteUnit final : public Unit {
 public:
  /// `max_decoded` bounds what a gzip answer may unpack to, in bytes.
  RemoteUnit(std::unique_ptr<NodeClient> client, std::size_t max_decoded);

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload message,
                                                      CallContext& context) override;
  Awaitable<protocol::Result<int>> route(protocol::Payload message, CallContext& context) override;
  Awaitable<protocol::Result<protocol::Payload>> aggregate(std::vector<protocol::Payload> answers,
                                                           CallContext& context) override;

 private:
  std::unique_ptr<NodeClient> client_;
  std::size_t max_decoded_;
};

}  // namespace infergraph::graph
