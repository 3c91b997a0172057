#pragma once

#include <memory>
#include <string>
#include <utility>

#include "engine/tools/try/recorder.hpp"
#include "graph/node_client.hpp"

namespace infergraph::engine {

/// Tells a recorder what is really sent to a node: its messages as they are after conversion.
/// Threads: those of the client behind it. Borrows the recorder.
class TryClient final : public graph::NodeClient {
 public:
  TryClient(std::string node, std::shared_ptr<graph::NodeClient> client, TryRecorder& recorder)
      : node_(std::move(node)), client_(std::move(client)), recorder_(recorder) {}

  Awaitable<protocol::Result<protocol::Payload>> call(protocol::Method method,
                                                      protocol::Payload payload,
                                                      graph::CallContext& context) override {
    recorder_.on_sent(node_, method, payload);
    return client_->call(method, std::move(payload), context);
  }

 private:
  std::string node_;
  std::shared_ptr<graph::NodeClient> client_;
  TryRecorder& recorder_;
};

}  // namespace infergraph::engine
