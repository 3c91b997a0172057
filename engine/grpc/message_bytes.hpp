#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "protocol/payload.hpp"

namespace infergraph::engine {

/// The message in `buffer` as a payload that holds its slices: nothing is copied until somebody
/// looks into it.
protocol::Payload to_payload(const grpc::ByteBuffer& buffer);

/// `payload` as gRPC sends it: the very slices that it came in, or a slice that borrows its bytes.
grpc::ByteBuffer to_byte_buffer(const protocol::Payload& payload);

}  // namespace infergraph::engine
