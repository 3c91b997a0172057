#pragma once

#include <cstddef>
#include <optional>

#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"
#include "protocol/role.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/message.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::protocol {

/// `payload`, a message of protocol seldon, in the encoding `target`: itself when it is in that
/// already, else made by the proto3 JSON mapping (protocol/json/proto_json.hpp), with the origin
/// kept and status 200. The only door between the encodings.
///
/// To proto: unpacks a content encoding first, to at most `max_decoded` bytes. No content type, or
/// one of JSON: the mapping. Of a kSeldonMessage also text/* (strData), application/octet-stream
/// (binData), and forms (protocol/seldon/form_body.hpp); of a kFeedback a form whose field `json`
/// is the message. A kSeldonMessageList in JSON is an array, as REST's aggregate sends it, or an
/// object with seldonMessages. A kGraphMetadata in JSON has graphinputs and graphoutputs.
///
/// Sources: docs/wire/seldon.md §5, docs/wire/wrapper.md §2. Threads: any.
/// Errors: kInvalidArgument for what can't be read or has no counterpart; kTooLarge.
Result<Payload> convert(const Payload& payload, MessageType type, Encoding target,
                        std::size_t max_decoded);

/// A caller's request, kept for what its answer takes over from it, which is read once.
/// Threads: one at a time.
struct KeptRequest {
  Payload payload;
  std::optional<RequestTraits> traits;
};

/// What a message is to become.
struct Target {
  Protocol protocol = Protocol::kSeldon;
  Encoding encoding = Encoding::kJson;
  Role role = Role::kRequest;
  Operation operation = Operation::kPredict;
  /// The model that is asked, of a request; null: nothing is known of it.
  const ModelProfile* model = nullptr;
  /// The caller's request; null when it wasn't kept.
  KeptRequest* request = nullptr;
  std::size_t max_decoded = 0;
  bool binary = true;  ///< JSON of v2 may have binary parts
};

/// What a conversion of `payload` to an answer reads: that, and the caller's request where it has
/// yet to be read for what the answer takes over from it. By this it is decided who does it.
std::size_t bytes_read(const Payload& payload, const KeptRequest* request);
/// The same for a conversion to `target`.
std::size_t bytes_read(const Payload& payload, const Target& target);

/// True when `payload` can go to `target` as it is: the same protocol and encoding, and no answer
/// that would have to become a request, nor names to be changed.
bool is_already(const Payload& payload, const Target& target);

/// `payload`, a request or an answer of any protocol, as `target` has it; with the origin kept and
/// status 200. The only door between the protocols. Within one protocol and encoding an answer
/// becomes the next request with its tensors unread; everywhere else it is decoded into the neutral
/// form (protocol/tensor/message.hpp) and written anew. docs/protocols.md has the whole table.
///
/// Numbers without a type get that of the model's metadata, else kFloat64, else an integer that
/// holds them. A tensor without a name gets the profile's input, else the only one of the metadata,
/// else the protocol's usual one. Threads: any. Errors: kInvalidArgument for what can't be read or
/// has no place in the target; kTooLarge.
Result<Payload> convert(const Payload& payload, const Target& target);

/// `answer`, of any protocol, in the neutral form; for units that work with its values.
/// Errors: kInvalidArgument, kTooLarge.
Result<Message> decode(const Payload& answer, std::size_t max_decoded);
/// An answer in the neutral form as `like` is: of its protocol, encoding and origin.
Result<Payload> encode(Message& answer, const Payload& like);

/// `answer` of the model `model` with that profile's `output` and `output_names` applied.
/// Errors: kInvalidArgument: there is no such output.
Result<Payload> adapt_answer(const Payload& answer, const ModelProfile& model,
                             std::size_t max_decoded);

/// What a node says of its model, in the form of `protocol` and `encoding`: itself when it is in
/// that already. Inputs and outputs, name, versions and platform are kept; the rest is the
/// protocol's own. Sources: docs/wire/tensorflow.md §5, docs/wire/v2.md §2, docs/wire/seldon.md §1.
/// Errors: kInvalidArgument for what can't be read.
Result<Payload> convert_metadata(const Payload& metadata, Protocol protocol, Encoding encoding,
                                 std::size_t max_decoded);

/// The same for the answer to a question for a model's status.
Result<Payload> convert_status(const Payload& status, Protocol protocol, Encoding encoding,
                               std::size_t max_decoded);

}  // namespace infergraph::protocol
