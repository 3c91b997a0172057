#pragma once

#include <string>
#include <string_view>

#include "graph/spec.hpp"

namespace infergraph::engine {

/// What a stand-in says: answers in the shape of a component made with Seldon's Python wrapper
/// (contract/python_wrapper.md §3 to §5). Pure functions of the message.
struct StubAnswer {
  int status = 200;
  std::string body;  ///< JSON
};

/// {"status":{"code":-1,"info":…,"reason":…,"status":1}}
StubAnswer wrapper_error(int status, std::string_view reason, std::string_view info);

/// A prediction of three classes for each row of `message`, in the kind that it came in (tensor,
/// tftensor, ndarray); strData, binData and jsonData come back as they are. The same numbers for
/// every request, others for another node. 400 for what the wrapper couldn't read.
StubAnswer predict_answer(const graph::NodeSpec& node, std::string_view message);

/// {"data":{"names":["t:0"],"ndarray":[[branch]]},"meta":{}}
StubAnswer route_answer(int branch);

/// The element-wise mean of numeric messages of one shape, in the names and the kind of the first;
/// else the first message. Their meta are merged as the wrapper does.
StubAnswer aggregate_answer(std::string_view messages);

/// The answer of /health/status.
StubAnswer health_answer();

/// The answer of /metadata: the image's name and version, else the node's name.
StubAnswer metadata_answer(const graph::NodeSpec& node);

}  // namespace infergraph::engine
