#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/front/grpc_service.hpp"
#include "engine/predictor.hpp"
#include "engine/puid.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

/// Protocol seldon over gRPC: service Seldon, and of Model and Generic what lets the engine be a
/// node of another engine's graph. Source: contract/protos.md §1.
///
/// Threads: the gRPC thread. Borrows everything it is made of.
class GrpcApi final : public GrpcService {
 public:
  /// `max_decoded` bounds what a gzip answer of a REST node may unpack to.
  GrpcApi(Predictor& predictor, std::string root, metrics::Families& metrics, int shard,
          std::size_t max_decoded);

  std::span<const std::string_view> methods() const override;
  graph::Awaitable<GrpcResponse> handle(GrpcRequest& request) override;

 private:
  using Answer = protocol::Result<protocol::Payload>;

  graph::Awaitable<Answer> ask_predictor(GrpcRequest& request, graph::CallContext& context);
  graph::Awaitable<Answer> metadata_of(const protocol::Payload& request,
                                       graph::CallContext& context);
  GrpcResponse finish(const GrpcRequest& request, Answer answer);
  GrpcResponse fail(const protocol::Status& status);

  Predictor& predictor_;
  std::string root_;  // name of the root node
  metrics::Families& metrics_;
  int shard_;
  std::size_t max_decoded_;
  PuidSource puids_;
  std::vector<metrics::ServerRequests> requests_;  // one a method
  metrics::HistogramCell& prediction_self_;
  metrics::HistogramCell& feedback_self_;
  metrics::GaugeCell& in_flight_;
};

}  // namespace infergraph::engine
