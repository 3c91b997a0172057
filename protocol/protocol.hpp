#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace infergraph::protocol {

/// The payload protocols of the fronts and the nodes.
enum class Protocol : std::uint8_t { kSeldon, kTensorflow, kV2 };

/// What a model of protocol tensorflow is asked for; every other protocol has predictions alone.
/// Source: docs/wire/tensorflow.md §1.
enum class Operation : std::uint8_t { kPredict, kClassify, kRegress, kMultiInference };

/// How a payload's bytes are written, as far as anybody has looked: the bytes of a REST body are
/// kJson until somebody who needs their values finds otherwise.
enum class Encoding : std::uint8_t { kJson, kProto };

/// How a node is called.
enum class Transport : std::uint8_t { kRest, kGrpc };

/// The messages of protocol seldon, by what they hold. Source: docs/wire/seldon.md §1.
enum class MessageType : std::uint8_t {
  kSeldonMessage,
  kSeldonMessageList,
  kFeedback,
  kModelMetadata,
  kGraphMetadata,
};

/// What a node is asked to do. Source: docs/wire/seldon.md §2, §4.
enum class Method : std::uint8_t {
  kPredict,
  kTransformInput,
  kTransformOutput,
  kRoute,
  kAggregate,
  kSendFeedback,
  kStatus,
  kMetadata,
};
inline constexpr int kMethodCount = 8;

/// "seldon", "tensorflow", "v2".
std::string_view name_of(Protocol protocol);
/// The protocol of that name; kfserving is v2. Nothing for another name.
std::optional<Protocol> protocol_of(std::string_view name);

}  // namespace infergraph::protocol
