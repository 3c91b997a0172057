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

Awaitable<void> UnaryCall::serve() {
  grpc::ByteBuffer answer;
  grpc::Status status;
  // What is thrown out of here would be CANCELLED for the caller, who did nothing of the kind.
  try {
    const std::vector<protocol::HeaderField> metadata = metadata_of(context_);
    GrpcRequest request;
    request.method = index_;
    request.metadata = metadata;
    request.body = to_payload(message_);
    message_.Clear();  // the payload alone holds the slices
    request.deadline = deadline_of(context_);
    request.cancel = &cancel_;
    request.caller = this;
    const auto compression = grpc_call_test_only_get_compression_algorithm(context_.c_call());
    const auto readable = grpc_call_test_only_get_encodings_accepted_by_peer(context_.c_call());
    if (compression != GRPC_COMPRESS_NONE && ((readable >> compression) & 1U) != 0) {
      context_.set_compression_algorithm(compression);
    }

    const GrpcResponse response = co_await service_.handle(request);

    if (!response.puid.empty()) context_.AddInitialMetadata("seldon-puid", response.puid);
    if (response.status.code == protocol::GrpcCode::kOk) {
      answer = to_byte_buffer(response.body);
    } else {
      if (!response.failed_node.empty()) {
        context_.AddTrailingMetadata("seldon-failed-node", response.failed_node);
      }
      status = grpc::Status(static_cast<grpc::StatusCode>(response.status.code),
                            response.status.message, response.status.details);
    }
  } catch (...) {
    status = thrown();
  }
  AwaitedCompletion finished(nullptr);
  if (status.ok()) {
    responder_.Finish(answer, status, tag_of(finished));
  } else {
    responder_.FinishWithError(status, tag_of(finished));
  }
  co_await finished.wait();
}

}  // namespace infergraph::engine
