#pragma once

#include <optional>
#include <string>

#include "inference/grpc_service.pb.h"
#include "protocol/tensor/data_type.hpp"

namespace infergraph::protocol {

/// The typed contents of a tensor as its raw ones, but for strings; a value that is too large for
/// the type loses its high bits. Nothing for a type that has no typed contents.
std::optional<std::string> raw_contents(const inference::InferTensorContents& contents,
                                        DataType type);

}  // namespace infergraph::protocol
