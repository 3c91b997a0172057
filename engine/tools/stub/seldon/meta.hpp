#pragma once

#include <rapidjson/document.h>

#include <span>
#include <string>

#include "engine/tools/stub/seldon/array.hpp"
#include "graph/spec/spec.hpp"

namespace infergraph::engine {

/// Whose tags, metrics and requestPath an answer has: no one's (route), the request's, or those of
/// all that are combined.
enum class CarriedMeta { kNone, kOne, kAll };

/// The meta of the answer to `messages`, of which there is at least one, in JSON
/// (docs/wire/wrapper.md §4). Threads: any. Errors: what Python throws.
PythonResult<std::string> wrapper_meta(const graph::NodeSpec& node,
                                       std::span<const rapidjson::Value* const> messages,
                                       CarriedMeta carried);

/// "image:version" of the node; "" when it has none.
std::string image_text(const graph::NodeSpec& node);

}  // namespace infergraph::engine
