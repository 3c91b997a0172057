#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/deadline.hpp"
#include "engine/node/call_meter.hpp"
#include "engine/node/grpc_channels.hpp"
#include "graph/node_client.hpp"
#include "graph/spec/spec.hpp"
#include "metrics/families.hpp"
#include "protocol/protocol.hpp"

namespace infergraph::engine {

struct GrpcNodeOptions {
  std::optional<std::chrono::milliseconds> timeout;  ///< of a whole call; none: the request's limit
  protocol::Protocol protocol = protocol::Protocol::kSeldon;
  bool has_model = true;  ///< of protocol v2: false asks for the status of the server
};

/// Where a GrpcNode's calls come from: its thread's loop (null for the gRPC thread itself) and that
/// thread's shard of the metrics.
struct GrpcCaller {
  boost::asio::io_context* loop = nullptr;
  int shard = 0;
};

/// Calls one node over gRPC, in the protocol that it speaks. A payload in proto goes out as it
/// came.
///
/// Under protocol seldon kStatus asks the standard health service; a node that has none and says so
/// is healthy. The other calls go to the services that the reference calls; where a node answers
/// UNIMPLEMENTED, to the other one that has such a method, and from then on to the one that
/// answered.
///
/// Threads: one, the caller's; the answer is handed over from the gRPC thread.
/// Repeats: what repeat_after() says; nobody knows of a connection whether it has served before.
/// Errors, Cancellation: as graph::NodeClient.
class GrpcNode final : public graph::NodeClient {
 public:
  using Answer = protocol::Result<protocol::Payload>;

  /// `metrics` may be null. `image` and `version` are labels.
  GrpcNode(std::string name, graph::NodeType type, std::unique_ptr<GrpcChannels> channels,
           GrpcNodeOptions options, GrpcCaller caller, metrics::Families* metrics,
           const std::string& image, const std::string& version);
  ~GrpcNode() override;

  Awaitable<Answer> call(protocol::Method method, protocol::Payload payload,
                         graph::CallContext& context) override;

 private:
  class Call;

  using Methods = std::array<std::string, protocol::kMethodCount>;
  // Index into services_: those that the reference calls, and the others.
  enum Service : std::uint8_t { kFirst, kOther };
  struct Known {
    Methods methods;  // "/seldon.protos.Model/Predict"; "" for what it doesn't have
    CallMeter meter;
  };

  Awaitable<Answer> send(Service service, protocol::Method method, const protocol::Payload& payload,
                         graph::CallContext& context, Deadline limit);
  void end(Service service, protocol::Method method, graph::CallContext& context,
           Clock::time_point began, const Answer& answer);
  const std::string& method_of(Service service, protocol::Method method,
                               const graph::CallContext& context) const;
  Answer answer_of(protocol::Method method, Call& call) const;
  protocol::Status failed(protocol::Code code, std::string_view what) const;
  protocol::Status failed(protocol::Code code, std::string_view what, const Call& call) const;

  std::string name_;
  std::unique_ptr<GrpcChannels> channels_;
  GrpcNodeOptions options_;
  Clock::duration timeout_;  // of a whole call
  GrpcCaller caller_;
  std::string over_limit_;  // how grpc++ ends its word on an answer over the limit
  std::array<Known, 2> services_;
  std::array<Service, protocol::kMethodCount> used_{};  // which of them answered last
  std::array<std::string, 4> predictions_;  // of protocol tensorflow, by protocol::Operation
  metrics::CounterCell* retries_ = nullptr;
};

}  // namespace infergraph::engine
