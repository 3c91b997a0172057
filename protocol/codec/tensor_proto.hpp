#pragma once

#include <string>

#include "protocol/message.hpp"
#include "protocol/status.hpp"
#include "tensorflow/tensor.pb.h"

namespace infergraph::protocol {

/// tensorflow.TensorProto to and from a tensor, without its name. Source: contract/protos.md §2.

/// From the dtype's own field or tensor_content. A field that is shorter than the shape repeats its
/// last value, an empty one is zeros; both up to 128 MiB. `where` begins an error.
/// Errors: kInvalidArgument for a dtype without counterpart, an unknown or negative dimension, more
/// values than the shape has.
Result<Tensor> read_tensor_proto(Message& message, const tensorflow::TensorProto& proto,
                                 const std::string& where);

/// Into the dtype's own field, as every reader takes it. Precondition: the type is known.
/// Errors: kInvalidArgument when the elements are not as many as the shape says.
Result<void> write_tensor_proto(const Tensor& tensor, tensorflow::TensorProto& proto);

}  // namespace infergraph::protocol
