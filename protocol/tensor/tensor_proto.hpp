#pragma once

#include <cstddef>
#include <string>

#include "protocol/status.hpp"
#include "protocol/tensor/elements.hpp"
#include "protocol/tensor/message.hpp"
#include "tensorflow/tensor.pb.h"

namespace infergraph::protocol {

/// tensorflow.TensorProto to and from a tensor, without its name. Source:
/// docs/wire/tensorflow.md §8.

/// From the dtype's own field or tensor_content. A field that is shorter than the shape repeats its
/// last value, an empty one is zeros: of one value or none it becomes a constant. `where` begins an
/// error. Errors: kInvalidArgument for a dtype without counterpart, an unknown or negative
/// dimension, more values than the shape has, and more elements than the message may become.
/// Borrows: of kBytes, the strings of `proto`, which is to live as long as the message.
Result<Tensor> read_tensor_proto(Message& message, const tensorflow::TensorProto& proto,
                                 const std::string& where);

/// A TensorProto on the wire: `head`, then `values`. Borrows: the values, from the tensor's
/// message.
struct TensorWire {
  std::string head;
  RawElements values;

  std::size_t size() const { return head.size() + values.size(); }
  void append_to(std::string& out) const {
    out += head;
    values.append_to(out);
  }
};

/// Into the dtype's own field, as every reader takes it; a constant with all its elements.
/// Precondition: the type is known. Errors: kInvalidArgument when the elements are not as many as
/// the shape says, or more than the message may become; kTooLarge for more than 2 GiB.
Result<TensorWire> write_tensor_proto(Message& message, const Tensor& tensor);

}  // namespace infergraph::protocol
