#pragma once

#include <cstddef>

#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// `payload`, a message of protocol seldon, in the encoding `target`: itself when it is in that
/// already, else made by the proto3 JSON mapping (protocol/codec/proto_json.hpp), with the origin
/// kept and status 200. The only door between the encodings.
///
/// To proto: unpacks a content encoding first, to at most `max_decoded` bytes. No content type, or
/// one of JSON: the mapping. Of a kSeldonMessage also text/* (strData), application/octet-stream
/// (binData), and forms (protocol/codec/form_body.hpp); of a kFeedback a form whose field `json` is
/// the message.
/// A kSeldonMessageList in JSON is an array, as REST's aggregate sends it, or an object with
/// seldonMessages. A kGraphMetadata in JSON has graphinputs and graphoutputs.
///
/// Sources: contract/engine_java.md §2, contract/python_wrapper.md §2. Threads: any.
/// Errors: kInvalidArgument for what can't be read or has no counterpart; kTooLarge.
Result<Payload> convert(const Payload& payload, MessageType type, Encoding target,
                        std::size_t max_decoded);

}  // namespace infergraph::protocol
