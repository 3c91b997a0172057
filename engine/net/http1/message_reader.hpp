#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/net/block.hpp"
#include "engine/net/http1/head_parser.hpp"
#include "engine/net/http1/message_head.hpp"
#include "protocol/limits.hpp"
#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::engine {

/// What is wrong with a message, in HTTP's terms.
enum class HttpFault : std::uint8_t {
  kNone,
  kMalformed,       ///< 400 from a caller, 502 from a node
  kHeaderTooLarge,  ///< over the head limit
  kBodyTooLarge,    ///< over the body limit
};

/// Sizes in bytes that a message may have.
struct MessageLimits {
  std::size_t header = protocol::kMaxHead;
  std::size_t body = protocol::kMaxBody;
};

/// Decodes one HTTP message from bytes that arrive piece by piece, in place: the head stays where
/// it was read, the body becomes contiguous behind it, and nothing else is copied.
///
/// Framing is Beast's parser's; on top of it come what Beast leaves open and would let requests be
/// smuggled: any coding but chunked, and Transfer-Encoding beside Content-Length, are malformed.
/// Block::fields gets the end-to-end headers in their order, without Host, Content-Type,
/// Content-Encoding, Content-Length and Expect, which are in head() or known from the framing.
/// Threads: one.
template <bool kRequest>
class MessageReader {
 public:
  enum class Progress : std::uint8_t { kNeedMore, kDone, kFault };

  explicit MessageReader(MessageLimits limits);

  /// Makes ready for the next message, whose first bytes come in `block`.
  void start(std::shared_ptr<Block> block);

  /// Lets go of the message's block; start() comes next.
  void release() { block_.reset(); }

  /// Looks at the bytes that came since; `ended` says that no more will come.
  Progress advance(bool ended = false);

  /// The block to read into; advance() has made sure that there is room.
  const std::shared_ptr<Block>& block() const { return block_; }

  /// True once the whole head has been read (head() is valid).
  bool head_done() const { return head_done_; }
  const MessageHead& head() const { return head_; }
  /// Valid when done. With content type and encoding, owned by the block.
  protocol::Payload body() const;
  /// Bytes in the block that belong to what follows this message; valid when done.
  std::string_view rest() const { return block_->view(parsed_, block_->size); }
  /// The block of the message behind this one, with its bytes; valid when done.
  std::shared_ptr<Block> block_behind() const { return Block::behind(block_, parsed_); }

  HttpFault fault() const { return fault_; }
  /// One short phrase on the fault: "bad chunk".
  std::string_view fault_text() const { return fault_text_; }

 private:
  Progress read_head();
  bool read_plainly();
  void begin_parser();
  Progress finish_head();
  bool drop_fields_of_connection();
  Progress read_body(bool ended);
  Progress read_chunks(bool ended);
  Progress fail(HttpFault fault, std::string_view text);
  bool has_bare_line_end();
  void make_room(std::size_t total);

  MessageLimits limits_;
  std::shared_ptr<Block> block_;
  std::optional<HeadParser<kRequest>> parser_;  // none for a plain head (plain_head.hpp)
  MessageHead head_;
  std::optional<std::uint64_t> length_;  // of the body; none when only its end tells
  bool head_done_ = false;
  bool done_ = false;
  std::size_t parsed_ = 0;      // block bytes that the parser has taken
  std::size_t lines_seen_ = 0;  // block bytes without a line end that is yet to be looked at
  std::size_t body_begin_ = 0;  // the body, contiguous so far
  std::size_t body_end_ = 0;
  HttpFault fault_ = HttpFault::kNone;
  std::string_view fault_text_;
};

using RequestReader = MessageReader<true>;
using ResponseReader = MessageReader<false>;

}  // namespace infergraph::engine
