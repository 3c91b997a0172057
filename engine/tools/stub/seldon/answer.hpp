#pragma once

#include <rapidjson/document.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "graph/spec/spec.hpp"

namespace infergraph::engine {

/// What the stand-in of a component says: what Seldon's Python wrapper 1.18.2 does around a model
/// of its own (docs/wire/wrapper.md §3 to §5), errors in Python's words included. Pure
/// functions of the message, which has `size` bytes.
struct StubAnswer {
  int status = 200;
  std::string body;  ///< JSON
};

/// {"status":{"code":-1,"info":…,"reason":…,"status":1}}
StubAnswer wrapper_error(int status, std::string_view reason, std::string_view info);

/// A prediction of three classes for each row, in the kind that the message came in (tensor,
/// tftensor, ndarray; tensor for what is no data). Text, bytes and an object of jsonData come back.
/// The same numbers for every request, others for another node.
StubAnswer predict_answer(const graph::NodeSpec& node, const rapidjson::Value& message,
                          std::size_t size);

/// The values of the message, as a component that transforms nothing gives them.
StubAnswer transform_answer(const graph::NodeSpec& node, const rapidjson::Value& message,
                            std::size_t size);

/// [[branch]] in the kind that the message came in.
StubAnswer route_answer(const graph::NodeSpec& node, const rapidjson::Value& message,
                        std::size_t size, int branch);

/// The element-wise mean of arrays of numbers of one shape, else the first one's values; in the
/// kind of the first.
StubAnswer aggregate_answer(const graph::NodeSpec& node, const rapidjson::Value& messages,
                            std::size_t size);

/// No values, in the kind of the feedback's request.
StubAnswer feedback_answer(const graph::NodeSpec& node, const rapidjson::Value& feedback);

/// The answer of /health/status.
StubAnswer health_answer();

/// The answer of /metadata: the image's name and version, else the node's name.
StubAnswer metadata_answer(const graph::NodeSpec& node);

}  // namespace infergraph::engine
