#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/core.hpp"
#include "engine/api/grpc_methods.hpp"
#include "engine/grpc/service.hpp"
#include "engine/grpc/v2_stream.hpp"
#include "protocol/limits.hpp"

namespace infergraph::engine {

struct GrpcApiOptions {
  std::size_t max_decoded = protocol::kMaxBody;  ///< bytes that a gzip answer may unpack to
  Protocols protocols = {protocol::Protocol::kSeldon};
  /// Requests are kept until they are answered, since an answer of another protocol takes over some
  /// of them. Without it a request is let go as soon as its node has it.
  bool keeps_requests = false;
  /// Answers v2's streams instead of one walk for each message; null for walks.
  StreamHandler* v2_relay = nullptr;
  /// Where work on large messages is done; null: on the gRPC thread.
  graph::WorkPlace* work = nullptr;
};

/// The protocols over gRPC: service Seldon, and of Model and Generic what lets the engine be a node
/// of another engine's graph; PredictionService and ModelService; GRPCInferenceService. From
/// method, metadata and message to what is asked, and from its answer to a status, a message and
/// metadata. Source: docs/wire/seldon.md §2, docs/wire/tensorflow.md §9, docs/wire/v2.md §5.
///
/// Threads: the gRPC thread. Borrows everything it is made of.
class GrpcApi final : public GrpcService {
 public:
  GrpcApi(GrpcApiOptions options, Predictor& predictor, const ReadyState& ready_state,
          metrics::Families& metrics, int shard);

  std::span<const std::string_view> methods() const override { return names_; }
  std::span<const GrpcStream> streams() const override { return streams_; }
  Awaitable<GrpcResponse> handle(GrpcRequest& request) override;

 private:
  std::vector<GrpcMethod> methods_;
  std::vector<std::string_view> names_;  // of methods_
  ApiCore core_;                         // its services are methods_
  V2Stream v2_stream_;
  std::vector<GrpcStream> streams_;
};

}  // namespace infergraph::engine
