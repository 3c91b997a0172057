#include "engine/grpc/unary_call.hpp"

#include <utility>
#include <vector>

#include "engine/grpc/message_bytes.hpp"

// What a call's messages were compressed with, and which compressions its caller reads. grpc++ has
// no accessors of these but the library's own, which its headers don't declare; without them an
// answer could not be compressed as its request was.
grpc_compression_algorithm grpc_call_test_only_get_compression_algorithm(grpc_call* call);
std::uint32_t grpc_call_test_only_get_encodings_accepted_by_peer(grpc_call* call);

namespace infergraph::engine {
namespace {

constexpr std::int64_t kLongestDeadline = 2'000'000'000;  // seconds, some 60 years

graph::Clock::time_point to_time_point(gpr_timespec deadline) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) {
    return graph::Clock::time_point::max();
  }
  const gpr_timespec monotonic = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
  // What nobody will live to see would overflow nanoseconds.
  if (monotonic.tv_sec > kLongestDeadline) return graph::Clock::time_point::max();
  return graph::Clock::time_point(std::chrono::seconds(monotonic.tv_sec) +
                                  std::chrono::nanoseconds(monotonic.tv_nsec));
}

}  // namespace

graph::Awaitable<void> UnaryCall::serve() {
  std::vector<protocol::HeaderField> metadata;
  metadata.reserve(context_.client_metadata().size());
  for (const auto& [key, value] : context_.client_metadata()) {
    metadata.push_back({{key.data(), key.size()}, {value.data(), value.size()}});
  }
  GrpcRequest request;
  request.method = index_;
  request.metadata = metadata;
  request.body = to_payload(message_);
  message_.Clear();  // the payload alone holds the slices
  request.deadline = to_time_point(context_.raw_deadline());
  request.cancel = &cancel_;
  const auto compression = grpc_call_test_only_get_compression_algorithm(context_.c_call());
  const auto readable = grpc_call_test_only_get_encodings_accepted_by_peer(context_.c_call());
  if (compression != GRPC_COMPRESS_NONE && ((readable >> compression) & 1U) != 0) {
    context_.set_compression_algorithm(compression);
  }

  const GrpcResponse response = co_await service_.handle(request);

  if (!response.puid.empty()) context_.AddInitialMetadata("seldon-puid", response.puid);
  AwaitedCompletion finished(nullptr);
  if (response.status.code == protocol::GrpcCode::kOk) {
    responder_.Finish(to_byte_buffer(response.body), grpc::Status::OK, tag_of(finished));
  } else {
    const grpc::Status status(static_cast<grpc::StatusCode>(response.status.code),
                              response.status.message, response.status.details);
    responder_.FinishWithError(status, tag_of(finished));
  }
  co_await finished.wait();
}

}  // namespace infergraph::engine
