#pragma once

#include "protocol/payload.hpp"
#include "protocol/role.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::protocol {

/// Requests and answers of protocol tensorflow's Predict to and from the neutral form: the REST
/// API's row and column formats, and PredictRequest and PredictResponse. Source:
/// docs/wire/tensorflow.md §2, §3, §8, §9. Threads: any.

/// `payload` is plain. JSON: row format of bare values is one tensor without a name; of objects,
/// one tensor for each key. `predictions` and `outputs` likewise. Numbers are kUnknown; the types
/// of `known`, by the tensor's name (or the only one there is), are given to them if not empty.
/// Proto: every dtype of DataType, from the typed field or tensor_content; a typed field that is
/// shorter than the shape repeats its last value, an empty one is zeros. Errors: kInvalidArgument
/// with the path of what is wrong: "instances[2]: expected 3 values but found 2", "inputs.x:
/// DT_QINT8 has no counterpart"; the body's own `error` text if it has that.
Result<Message> read_tensorflow_json(const Payload& payload, Role role,
                                     const std::vector<TensorInfo>& known = {});
Result<Message> read_tensorflow_proto(const Payload& payload, Role role);

/// What an answer takes over from a request: its format. Never fails.
RequestTraits read_tensorflow_traits(const Payload& request);

/// A request, signature_name included when there is one. JSON: instances if every tensor has the
/// same first dimension (bare values for a single tensor, unless it has to be named), else inputs.
/// kBytes is {"b64":…} in a request. Proto: model_spec has name and signature_name; values are in
/// the dtypes' own fields. Precondition: tensors are typed for proto, and named for proto and
/// for several ones. Errors: kInvalidArgument for what JSON has no place for (half precision,
/// complex).
Result<Payload> write_tensorflow_request_json(Message& message, const ModelProfile& profile);
Result<Payload> write_tensorflow_request_proto(Message& message, const ModelProfile& profile);

/// An answer in the traits' format. JSON: predictions for the row format, outputs for the column
/// format; a row format needs the same first dimension everywhere: "… has inconsistent batch size",
/// "… has no shape information". Strings of outputs whose name ends in _bytes are {"b64":…}; floats
/// as tensorflow writes them (docs/wire/tensorflow.md §3), compact.
Result<Payload> write_tensorflow_answer_json(Message& message, const RequestTraits& traits);
Result<Payload> write_tensorflow_answer_proto(Message& message, const ModelProfile& profile);

/// An answer as the next request: predictions become instances, outputs inputs, the values unread;
/// with the profile's signature_name if it has one. A body that has instances or inputs is the
/// request itself. Proto: outputs become inputs, uncopied, under a model_spec of the profile's.
/// Errors: kInvalidArgument when it has neither; the message quotes the body's `error` if it has
/// one.
Result<Payload> chain_tensorflow_json(const Payload& answer, const ModelProfile& profile);
Result<Payload> chain_tensorflow_proto(const Payload& answer, const ModelProfile& profile);

/// Classify and Regress between the transports (docs/wire/tensorflow.md §4): requests with their
/// examples, and results. `is_regression` chooses the message.
Result<Payload> convert_examples(const Payload& payload, Role role, bool is_regression,
                                 Encoding target, const ModelProfile& profile);

/// Inputs and outputs of signature `signature_name` (serving_default when empty) in a node's
/// metadata: the REST body of docs/wire/tensorflow.md §5, or a GetModelMetadataResponse. Errors:
/// kBadUpstream for what can't be read; kInvalidArgument when there is no such signature.
Result<Signature> read_tensorflow_metadata(const Payload& metadata,
                                           const std::string& signature_name);

}  // namespace infergraph::protocol
