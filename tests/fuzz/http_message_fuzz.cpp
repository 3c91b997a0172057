// HTTP messages as they come from a socket: in pieces. The first byte chooses request or response,
// the size of the pieces, and whether the peer ends. However it is cut, a message must come out the
// same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "engine/net/http1/message_reader.hpp"
#include "tests/support/bounds.hpp"

namespace {

using infergraph::engine::Block;
using infergraph::engine::MessageLimits;
using infergraph::engine::MessageReader;

struct Outcome {
  int progress = 0;
  std::string body;
  std::string fields;
  bool operator==(const Outcome&) const = default;
};

template <bool kRequest>
Outcome read(std::string_view text, std::size_t step, bool ended) {
  MessageLimits limits;
  limits.header = 4000;
  limits.body = 20000;
  MessageReader<kRequest> reader(limits);
  reader.start(Block::make());
  auto progress = reader.advance();
  while (progress == MessageReader<kRequest>::Progress::kNeedMore && !text.empty()) {
    Block& block = *reader.block();
    const std::size_t count = std::min({step, text.size(), block.room()});
    if (count == 0) std::abort();  // it needs more and leaves no room: the connection would hang
    text.substr(0, count).copy(block.data() + block.size, count);
    block.size += count;
    text.remove_prefix(count);
    progress = reader.advance(ended && text.empty());
  }
  Outcome outcome;
  outcome.progress = static_cast<int>(progress);
  if (progress == MessageReader<kRequest>::Progress::kDone) {
    outcome.body = reader.body().bytes();
    if (reader.body().bytes().size() > limits.body) std::abort();
    for (const auto& field : reader.block()->fields) {
      outcome.fields.append(field.name).append(":").append(field.value).append("\n");
    }
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const infergraph::fuzz::Bounded bounded("http_message", size, infergraph::fuzz::Bound::of_all(3));
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const bool is_request = (data[0] & 1) != 0;
  const bool ended = (data[0] & 2) != 0;
  const std::size_t step = 1 + (data[0] >> 2);
  const auto whole = is_request ? read<true>(text, text.size() + 1, ended)
                                : read<false>(text, text.size() + 1, ended);
  const auto pieces = is_request ? read<true>(text, step, ended) : read<false>(text, step, ended);
  // What is done in one go must be done in pieces too, and the same; a fault may show earlier.
  if (whole.progress == 1 && !(whole == pieces)) std::abort();
  return 0;
}
