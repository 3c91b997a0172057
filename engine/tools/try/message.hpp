#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/protocol.hpp"

namespace infergraph::engine {

/// One input of a model, as its server's metadata tell of it.
struct ModelInput {
  std::string name;
  std::string datatype;             ///< as protocol v2 has it: "FP32"
  std::vector<std::int64_t> shape;  ///< −1: any
};

/// What --data gives: a whole message, or rows to be put into one.
struct TryData {
  std::string text;  ///< JSON: an object, or an array of rows
  bool is_message = false;
};

/// A JSON object is a message already; an array of numbers or text ("[1,2]", "1,2") is one row, an
/// array of arrays rows. None for anything else.
std::optional<TryData> read_data(std::string_view data);

/// The protocol that a message is written in; nothing when it can't be told.
std::optional<protocol::Protocol> protocol_of_message(std::string_view message);

/// `rows` in a message of `protocol`, for a model with these inputs, if they are known.
std::string message_of_rows(protocol::Protocol protocol, std::string_view rows,
                            const std::vector<ModelInput>& inputs);

/// What is sent when nothing was given: one row for a model with these inputs; without them three
/// numbers.
std::string default_message(protocol::Protocol protocol, const std::vector<ModelInput>& inputs);
std::string_view default_feedback();

/// The inputs of a model's metadata in the JSON of protocol v2; none when it can't be read.
std::vector<ModelInput> inputs_of_metadata(std::string_view metadata);

}  // namespace infergraph::engine
