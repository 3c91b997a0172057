#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/api/grpc_methods.hpp"
#include "engine/api/predictor.hpp"
#include "engine/api/puid.hpp"
#include "engine/api/ready_state.hpp"
#include "engine/grpc/service.hpp"
#include "engine/grpc/v2_stream.hpp"
#include "metrics/families.hpp"

namespace infergraph::engine {

struct GrpcApiOptions {
  std::string root;                                  ///< name of the root node
  std::size_t max_decoded = std::size_t{128} << 20;  ///< bytes that a gzip answer may unpack to
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
/// of another engine's graph; PredictionService and ModelService; GRPCInferenceService. Source:
/// contract/protos.md §1, §3, §5.
///
/// Threads: the gRPC thread. Borrows everything it is made of.
class GrpcApi final : public GrpcService {
 public:
  GrpcApi(GrpcApiOptions options, Predictor& predictor, const ReadyState& readiness,
          metrics::Families& metrics, int shard);

  std::span<const std::string_view> methods() const override { return names_; }
  std::span<const GrpcStream> streams() const override { return streams_; }
  Awaitable<GrpcResponse> handle(GrpcRequest& request) override;

 private:
  using Answer = protocol::Result<protocol::Payload>;
  struct Call {
    const GrpcMethod& method;
    std::string_view puid;
    Clock::time_point started;
  };

  Awaitable<Answer> ask_predictor(GrpcRequest& request, graph::CallContext& context);
  Awaitable<Answer> ask_node(const GrpcMethod& method, const protocol::Payload& request,
                             graph::CallContext& context);
  Answer answer_itself(const GrpcMethod& method) const;
  /// True when the caller gets it as it is.
  static bool is_in_form(const GrpcMethod& method, const protocol::Payload& answer);
  Answer converted(const GrpcMethod& method, protocol::KeptRequest& request,
                   const protocol::Payload& answer) const;
  Answer convert(const GrpcMethod& method, protocol::KeptRequest& request,
                 const protocol::Payload& answer) const;
  GrpcResponse finish(const Call& call, const Answer& answer);
  GrpcResponse fail_thrown(const Call& call) noexcept;
  void observe(std::size_t method, const GrpcResponse& response, Clock::duration took);
  GrpcResponse fail(const Call& call, const protocol::Status& status);

  GrpcApiOptions options_;
  Predictor& predictor_;
  const ReadyState& readiness_;
  PuidSource puids_;
  std::vector<GrpcMethod> methods_;
  std::vector<std::string_view> names_;            // of methods_
  std::vector<metrics::ServerRequests> requests_;  // one a method
  metrics::FailedRequests failed_;
  metrics::HistogramCell& prediction_self_;
  metrics::HistogramCell& feedback_self_;
  metrics::GaugeCell& in_flight_;
  V2Stream v2_stream_;
  std::vector<GrpcStream> streams_;
};

}  // namespace infergraph::engine
