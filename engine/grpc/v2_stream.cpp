#include "engine/grpc/v2_stream.hpp"

#include <memory>
#include <utility>
#include <vector>

#include "inference/grpc_service.pb.h"
#include "protocol/piece_list.hpp"
#include "protocol/wire/writer.hpp"

namespace infergraph::engine {

using protocol::Payload;

namespace {

constexpr int kInferResponse = 2;  // of ModelStreamInferResponse

// The answer as the field infer_response, its bytes uncopied.
Payload wrapped(const Payload& answer) {
  protocol::WireWriter head(16);
  head.tag(kInferResponse, protocol::WireWriter::kLengthDelimited);
  head.varint(answer.size());
  std::vector<Payload> parts;
  parts.push_back(Payload::proto(std::move(head).finish().value_or("")));
  parts.push_back(answer);
  Payload made(std::make_shared<const protocol::PieceList>(std::move(parts)));
  made.set_encoding(protocol::Encoding::kProto);
  return made;
}

Payload failed(const std::string& why) {
  inference::ModelStreamInferResponse response;
  response.set_error_message(why);
  return Payload::proto(response.SerializeAsString());
}

}  // namespace

Awaitable<protocol::GrpcStatus> V2Stream::serve(MessageStream& stream) {
  const std::vector<protocol::HeaderField> metadata = stream.metadata();
  for (;;) {
    auto message = co_await stream.read();
    if (!message) break;
    GrpcRequest request;
    request.method = method_;
    request.metadata = metadata;
    request.body = *std::move(message);
    request.deadline = stream.deadline();
    request.cancel = &stream.cancel();
    request.caller = &stream.caller();
    const GrpcResponse response = co_await service_.handle(request);
    const bool ok = response.status.code == protocol::GrpcCode::kOk;
    const Payload answer = ok ? wrapped(response.body) : failed(response.status.message);
    if (!co_await stream.write(answer)) break;
  }
  co_return protocol::GrpcStatus{};
}

}  // namespace infergraph::engine
