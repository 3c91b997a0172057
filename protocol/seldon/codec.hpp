#pragma once

#include "protocol/payload.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"

namespace infergraph::protocol {

/// A SeldonMessage to and from the neutral form. A message with `data` has one tensor without a
/// name: kUnknown for tensor and ndarray, typed for tftensor. `payload` is plain (no content
/// encoding) and JSON or proto, as its encoding says.
/// Source: docs/wire/seldon.md §1, docs/wire/wrapper.md §3, §4. Threads: any.
/// Errors: kInvalidArgument with the path of what is wrong.
Result<Message> read_seldon(const Payload& payload);

/// What an answer takes over from a request, without its values being read. Never fails: what can't
/// be read has the default traits.
RequestTraits read_seldon_traits(const Payload& request);

/// An answer for a caller or a node of protocol seldon, by the request's traits; also a request,
/// for which the traits are the message's own or the default ones.
///
/// One tensor: `data` in the traits' kind: ndarray and tensor of numbers, tftensor of every type;
/// what is no number is an ndarray (kBool, kBytes) unless tftensor was asked for. `names` are the
/// message's columns if there are as many as the last of at least two dimensions has, else t:0 …
/// for rank 2 and
/// [] for another. A scalar is an ndarray of one element. Several tensors: jsonData {name: values}.
/// A content that is no tensor keeps its member. One kBytes element, asked for as strData or
/// binData, is that. `meta` is the traits'. Source: docs/wire/seldon.md §8. Errors:
/// kInvalidArgument for what has no place there.
Result<Payload> write_seldon_json(Message& message, const RequestTraits& traits);
Result<Payload> write_seldon_proto(Message& message, const RequestTraits& traits);

}  // namespace infergraph::protocol
