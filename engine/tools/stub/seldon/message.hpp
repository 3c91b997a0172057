#pragma once

#include <rapidjson/document.h>

#include <optional>
#include <span>
#include <string>

#include "engine/tools/stub/seldon/array.hpp"
#include "engine/tools/stub/seldon/meta.hpp"
#include "engine/tools/stub/seldon/request.hpp"
#include "graph/spec/spec.hpp"

namespace infergraph::engine {

/// What a component's method is given, or gives: an array (of `data`), bytes (of binData), or else
/// any JSON. Borrows: the message.
struct WrapperFeatures {
  std::optional<WrapperArray> array;
  std::optional<std::string> bytes;
  const rapidjson::Value* value = nullptr;
};

/// The features of a message (docs/wire/wrapper.md §3), of `size` bytes.
/// Errors: 400 for what is no message, 500 for what Python throws on.
WrapperResult<WrapperFeatures> read_features(const rapidjson::Value& message, std::size_t size);

/// The answer to `messages`, of which there is at least one: `result` in a message of the kind of
/// the first (docs/wire/wrapper.md §4). Errors: as above.
StubAnswer wrapper_answer(const graph::NodeSpec& node,
                          std::span<const rapidjson::Value* const> messages,
                          const WrapperFeatures& result, CarriedMeta carried);

}  // namespace infergraph::engine
