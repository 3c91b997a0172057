#pragma once

#include <rapidjson/prettywriter.h>

#include <string>
#include <string_view>

#include "engine/tools/json_text.hpp"
#include "engine/tools/stub/tfserving/model.hpp"

namespace infergraph::engine {

/// What the readers and writers of TensorFlow Serving's JSON have in common. Threads: any.

using PrettyWriter = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

/// INVALID_ARGUMENT.
protocol::GrpcStatus wrong_json(std::string message);
/// "JSON Value: … why".
protocol::GrpcStatus wrong_value(const rapidjson::Value& value, std::string_view why);

std::string_view text_of(const rapidjson::Value& string);
/// "String", "Number", …
std::string_view type_of(const rapidjson::Value& value);
/// The value as it stands in messages.
std::string json_of(const rapidjson::Value& value);
/// Null when there is none.
const rapidjson::Value* member_of(const rapidjson::Value& object, std::string_view name);
/// Whether it is {"b64": "…"}.
bool is_base64(const rapidjson::Value& value);

/// An object, or what is wrong and where.
Served<void> parse_object(std::string_view json, rapidjson::Document& document);
/// signature_name, if it is there.
Served<void> read_signature(const rapidjson::Document& document, tfs::ModelSpec& spec);

}  // namespace infergraph::engine
