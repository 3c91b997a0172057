#pragma once

#include "protocol/payload.hpp"
#include "protocol/role.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::protocol {

/// Requests and answers of protocol v2 to and from the neutral form: inference requests and
/// responses of REST, with the binary tensor data extension (Payload::json_size says where the JSON
/// ends), and ModelInferRequest and ModelInferResponse. Source: docs/wire/v2.md §2, §3, §5.
/// Threads: any.

/// `payload` is plain. Errors: kInvalidArgument with the path of what is wrong: "inputs[0].data[3]:
/// expected a whole number but found 1.5"; the binary part too short or too long.
Result<Message> read_v2_json(const Payload& payload, Role role);
Result<Message> read_v2_proto(const Payload& payload, Role role);

/// What an answer takes over from a request, without its tensors being read. Never fails.
RequestTraits read_v2_traits(const Payload& request);
/// The same of a ModelInferRequest, into `traits`.
void read_v2_proto_traits(std::string_view wire, RequestTraits& traits);

/// How a v2 message is written.
struct V2Options {
  Role role = Role::kRequest;
  /// Of an answer: id, outputs and which of them are binary. A request writes the message's own.
  RequestTraits traits;
  /// Model of a request to gRPC, and of an answer that has none.
  std::string model_name;
};

/// Every tensor needs a type and a name. JSON: `data` is flat. kFloat16 and kBfloat16 of a request
/// go as binary, having no other form; in an answer they do if the request asked for binary, else
/// it is an error. An answer's tensors that the traits' outputs don't name are left out. Errors:
/// kInvalidArgument for complex numbers, and for strings in JSON that are not UTF-8.
Result<Payload> write_v2_json(Message& message, const V2Options& options);
/// Raw contents, always: every type has them.
Result<Payload> write_v2_proto(Message& message, const V2Options& options);

/// An answer as the next request, its tensors unread: outputs become inputs; id and parameters
/// stay, the model's name and version go. JSON: also with a binary part. A body that has `inputs`
/// is the request itself. Proto: the tensors' bytes are not copied; raw_output_contents become
/// raw_input_contents; `model_name` is the next node's.
/// Errors: kInvalidArgument when it has neither; the message quotes the body's `error` if it has
/// one.
Result<Payload> chain_v2_json(const Payload& answer);
Result<Payload> chain_v2_proto(const Payload& answer, const std::string& model_name);

/// Inputs and outputs in a model's metadata: the JSON of REST, or a ModelMetadataResponse.
/// Errors: kBadUpstream for what can't be read.
Result<Signature> read_v2_metadata(const Payload& metadata);

}  // namespace infergraph::protocol
