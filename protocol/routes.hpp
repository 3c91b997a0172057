#pragma once

#include <string>
#include <string_view>

#include "protocol/protocol.hpp"

namespace infergraph::protocol {

/// Where a node of each protocol takes its calls. Sources: docs/wire/seldon.md §4,
/// docs/wire/tensorflow.md §7, §9, docs/wire/v2.md §4, §5.
/// Threads: any.

/// "predict", "transform-input", …: what the log and the tools call it.
std::string_view name_of(Method method);

/// "GET" for status and metadata, else "POST".
std::string_view rest_verb(Method method);

/// The path of a call: "/predict", "/v1/models/m:predict", "/v2/models/m/infer". `model` is part of
/// a path, so percent-encoded, and may go on with /versions/… or /labels/…. A status of protocol v2
/// without a model is the server's. Send-feedback has a path in protocol seldon alone; ""
/// elsewhere.
std::string rest_path(Protocol protocol, Method method, std::string_view model,
                      Operation operation = Operation::kPredict);

/// The full method of a call to a node of protocol tensorflow or v2; "" for what has none: route,
/// aggregate and send-feedback. A status of protocol v2 without a model is the server's.
std::string_view grpc_method(Protocol protocol, Method method, bool has_model = true,
                             Operation operation = Operation::kPredict);

/// `name` as a segment of a path; "." and ".." too are names here, and no steps.
std::string percent_encoded(std::string_view name);
/// %41 becomes A; what isn't a valid escape stays.
std::string percent_decoded(std::string_view text);

}  // namespace infergraph::protocol
