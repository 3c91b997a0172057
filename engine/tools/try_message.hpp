#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace infergraph::engine {

/// The message that --data means: a JSON object is it already; an array of numbers or text
/// ("[1,2]", "1,2") is one row, an array of arrays the rows of {"data":{"ndarray":…}}. None for
/// anything else.
std::optional<std::string> message_of_data(std::string_view data);

/// What is sent when nothing was given.
std::string_view default_message();
std::string_view default_feedback();

}  // namespace infergraph::engine
