#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/tools/stub/server.hpp"
#include "inference/grpc_service.pb.h"
#include "protocol/payload.hpp"

namespace infergraph::engine {

/// The JSON of protocol v2's REST API with its binary extension, to and from the messages of gRPC.
/// Source: docs/wire/v2.md §2, §3. Errors: in Triton's words. Threads: any.

/// Fills id, parameters, inputs with raw contents, and outputs of `request`, whose model_name is
/// there. What follows the first `json_size` bytes of `body` is binary; without it nothing does.
Served<void> read_infer_json(std::string_view body, std::optional<std::size_t> json_size,
                             inference::ModelInferRequest& request);

/// An answer, whose outputs are binary as `request` has it. Errors: a type that has no JSON.
Served<protocol::Payload> write_infer_json(const inference::ModelInferResponse& response,
                                           const inference::ModelInferRequest& request);

std::string write_v2_metadata_json(const inference::ModelMetadataResponse& metadata);

/// [{"name","version","state","reason"}]
std::string write_v2_index(std::span<const std::string> models);

/// {"error":message}
std::string write_v2_error(std::string_view message);

}  // namespace infergraph::engine
