#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/payload.hpp"
#include "protocol/tensor/content.hpp"
#include "protocol/tensor/tensor.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

/// An output that a request of protocol v2 asks for.
struct RequestedOutput {
  std::string name;
  Parameters parameters;  ///< with binary_data as it was given
};

/// What an answer takes over from its request, whatever protocol its node speaks.
struct RequestTraits {
  // seldon
  Content content = Content::kData;    ///< the member that the request used
  DataKind kind = DataKind::kNdarray;  ///< kNone counts as kNdarray
  std::string meta = "{}";             ///< JSON: puid, tags and metrics of the request's meta
  // tensorflow
  bool by_column = false;  ///< `inputs` was given, so `outputs` is answered
  // v2
  std::string id;
  std::vector<RequestedOutput> outputs;  ///< empty: all
  bool binary_output = false;            ///< the parameter binary_data_output
};

/// What a tensor takes beside its elements, in every form that it goes through: to be afforded for
/// each (protocol/work.hpp), since a message may be of nothing but tensors.
inline constexpr std::size_t kTensorWork = 512;
/// The same for a dimension of a tensor in a model's metadata.
inline constexpr std::size_t kDimensionWork = 1024;
/// The same for one of its parameters, or of a request's.
inline constexpr std::size_t kParameterWork = 192;

/// A request or an answer of any protocol, decoded: named, typed tensors, or what has no tensors.
/// Between two protocols there is nothing else.
///
/// Owns/borrows: views point into `source` or into `made`, so it is moved, not copied.
struct Message {
  Message() = default;
  Message(Message&&) = default;
  Message& operator=(Message&&) = default;

  Payload source;                                   ///< what it was read from, unpacked
  std::vector<std::shared_ptr<const void>> parsed;  ///< protobuf's objects that views point into
  std::deque<std::string> made;  ///< what the codecs made: never touched again once in here

  /// kData: `tensors`; otherwise `value`: the text of kStrData, the bytes of kBinData, the JSON
  /// text of kJsonData, a google.protobuf.Any on the wire for kCustomData.
  Content content = Content::kData;
  std::vector<Tensor> tensors;
  std::string_view value;

  std::vector<std::string> columns;  ///< seldon: data.names
  std::string signature_name;        ///< tensorflow
  std::string model_name;            ///< v2, and tensorflow's model_spec
  std::string model_version;
  Parameters parameters;  ///< v2
  RequestTraits traits;   ///< of a request; of an answer the id and the kind that it has

  /// Keeps `text` and gives the view of it to hold in a tensor.
  std::string_view keep(std::string text) {
    count_work(text.size() + sizeof(std::string));
    return made.emplace_back(std::move(text));
  }
};

}  // namespace infergraph::protocol
