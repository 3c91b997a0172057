#pragma once

#include <google/protobuf/map.h>

#include <optional>
#include <string>
#include <string_view>

#include "inference/grpc_service.pb.h"
#include "protocol/json/json.hpp"
#include "protocol/tensor/tensor.hpp"

namespace infergraph::protocol {

/// `parameters` of protocol v2, in both encodings. Source: docs/wire/v2.md §2.

/// A value as JSON has it; nothing for a list, an object or null.
std::optional<ParameterValue> read_parameter(json::Kind kind, std::string_view text);
void append_parameter(std::string& out, const ParameterValue& value);
/// `"parameters":{…}`; nothing for none.
void append_parameters(std::string& out, const Parameters& parameters);

using ProtoParameters = google::protobuf::Map<std::string, inference::InferParameter>;
/// In the order of their names.
Parameters read_parameters(const ProtoParameters& parameters);
void write_parameters(const Parameters& parameters, ProtoParameters& into);

/// The one of that name, or null.
const ParameterValue* find_parameter(const Parameters& parameters, std::string_view name);
/// True if the one of that name is the boolean true.
bool is_on(const Parameters& parameters, std::string_view name);
void erase_parameter(Parameters& parameters, std::string_view name);

inline constexpr std::string_view kBinaryDataSize = "binary_data_size";
inline constexpr std::string_view kBinaryData = "binary_data";
inline constexpr std::string_view kBinaryDataOutput = "binary_data_output";

}  // namespace infergraph::protocol
