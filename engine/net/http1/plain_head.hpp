#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/net/block.hpp"
#include "engine/net/http1/message_head.hpp"

namespace infergraph::engine {

/// Reads the head of nearly every message in one go. It takes only what leaves nothing to decide: a
/// whole head of HTTP/1.1 without folded lines, with a Content-Length or without a body, and none
/// of the fields that name what is to be done. Whatever else there is, the malformed included, is
/// HeadParser's to judge, which makes the same of a plain head as well, at three times the cost.
///
/// `bytes` begin with the head, and may go on behind it. Gives the head's size and fills `head`,
/// `fields` and `length` (the body's); or gives 0, and then leaves them in any state.
template <bool kRequest>
std::size_t read_plain_head(std::string_view bytes, MessageHead& head, Block::Fields& fields,
                            std::optional<std::uint64_t>& length);

}  // namespace infergraph::engine
