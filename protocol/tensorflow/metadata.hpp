#pragma once

#include <string>

#include "protocol/payload.hpp"
#include "protocol/protocol.hpp"
#include "protocol/status.hpp"
#include "protocol/tensor/model_profile.hpp"

namespace infergraph::protocol {

/// Status and metadata of a model between TensorFlow Serving's transports; read_tensorflow_metadata
/// is in codec.hpp. JSON is as its REST API writes it: names as in the .proto, defaults
/// printed, the doubled signature_def. Source: docs/wire/tensorflow.md §5. Threads: any.
/// Errors: kBadUpstream for what can't be read; of a JSON body with `error` its text.

/// GetModelStatusResponse and its JSON. `status` itself when it is in the encoding already.
Result<Payload> convert_tensorflow_status(const Payload& status, Encoding target);

/// The same for GetModelMetadataResponse. Of the proto's metadata only signature_def has a place in
/// JSON.
Result<Payload> convert_tensorflow_metadata(const Payload& metadata, Encoding target);

/// Whether a status, in either encoding, says that some version of the model is AVAILABLE. False
/// for what is no status.
bool has_available_version(const Payload& status);

/// The metadata of a model of another protocol, whose only signature is serving_default.
Result<Payload> write_tensorflow_metadata(const std::string& name, const Signature& signature,
                                          Encoding encoding);

/// A GetModelMetadataRequest for the signatures of model `name`.
std::string write_model_metadata_request(const std::string& name);

/// A GetModelStatusRequest.
std::string write_model_status_request(const std::string& name);

}  // namespace infergraph::protocol
