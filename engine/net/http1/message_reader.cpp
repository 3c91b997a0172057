#include "engine/net/http1/message_reader.hpp"

#include <algorithm>
#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/container/small_vector.hpp>

#include "base/ascii.hpp"
#include "base/saturated.hpp"
#include "engine/net/http1/plain_head.hpp"

namespace infergraph::engine {
namespace {

namespace http = boost::beast::http;

// Up to here a body that announces its length gets all its room at once; beyond, the room grows
// with what really comes, so that a lying Content-Length costs nothing.
constexpr std::size_t kTrustedRoom = std::size_t{1} << 20;

// A head, a chunk's line or a trailer always finds at least this much to read into.
constexpr std::size_t kLeastRoom = 1024;

// What a sender may list in Connection: none lists more than a few.
constexpr std::size_t kMostConnectionNames = 32;

// A chunk's size with its extensions, which nobody uses. It is looked at again when more comes.
constexpr std::size_t kMostChunkLine = 4096;

// Boost 1.81's parser asserts that a last chunk which is the only one, "0\r\n\r\n", comes in one
// piece. True while `unparsed` may be a part of it.
bool may_be_part_of_last_chunk(std::string_view unparsed) {
  return unparsed.size() < 5 && unparsed.starts_with('0');
}

}  // namespace

template <bool kRequest>
MessageReader<kRequest>::MessageReader(MessageLimits limits) : limits_(limits) {}

template <bool kRequest>
void MessageReader<kRequest>::start(std::shared_ptr<Block> block) {
  block_ = std::move(block);
  head_ = {};
  length_.reset();
  parser_.reset();
  head_done_ = done_ = false;
  parsed_ = body_begin_ = body_end_ = lines_seen_ = 0;
  fault_ = HttpFault::kNone;
  fault_text_ = {};
}

template <bool kRequest>
auto MessageReader<kRequest>::advance(bool ended) -> Progress {
  if (fault_ != HttpFault::kNone) return Progress::kFault;
  if (done_) return Progress::kDone;
  if (block_->size == 0) return Progress::kNeedMore;  // as at the start of nearly every message
  if (!head_done_) {
    const Progress progress = read_head();
    if (progress != Progress::kDone) return progress;
  }
  // A status without a body (1xx, 204, 304) has none, whatever its head says of codings.
  const bool has_chunks = head_.chunked && !parser_->is_done();
  const Progress progress = has_chunks ? read_chunks(ended) : read_body(ended);
  done_ = progress == Progress::kDone;
  return progress;
}

template <bool kRequest>
auto MessageReader<kRequest>::read_head() -> Progress {
  if (!parser_) {
    // An empty line before a request is to be ignored (RFC 9112 §2.2).
    while (rest().starts_with("\r\n")) parsed_ += 2;
    if (read_plainly()) return Progress::kDone;
    if (!rest().empty() && rest() != "\r") begin_parser();
  }
  boost::system::error_code ec = http::error::need_more;
  if (parser_ && !rest().empty()) {
    parsed_ += parser_->put(boost::asio::buffer(rest().data(), rest().size()), ec);
  }
  if (ec == http::error::header_limit || parsed_ > limits_.header ||
      (ec == http::error::need_more && block_->size >= limits_.header)) {
    return fail(HttpFault::kHeaderTooLarge, "the head is over the limit");
  }
  if (ec == http::error::need_more) {
    if (has_bare_line_end()) return fail(HttpFault::kMalformed, "malformed head");
    if (block_->room() < kLeastRoom) make_room(2 * block_->capacity());
    return Progress::kNeedMore;
  }
  if (ec) return fail(HttpFault::kMalformed, "malformed head");
  return finish_head();
}

template <bool kRequest>
bool MessageReader<kRequest>::read_plainly() {
  const std::size_t end = std::min(block_->size, limits_.header);
  if (parsed_ >= end) return false;
  const std::size_t size =
      read_plain_head<kRequest>(block_->view(parsed_, end), head_, block_->fields, length_);
  if (size == 0) {
    head_ = {};
    block_->fields.clear();
    length_.reset();
    return false;
  }
  parsed_ += size;
  body_begin_ = body_end_ = parsed_;
  head_done_ = true;
  return true;
}

template <bool kRequest>
void MessageReader<kRequest>::begin_parser() {
  parser_.emplace(head_);
  parser_->set_block(*block_);
  parser_->header_limit(saturated<std::uint32_t>(limits_.header));
  parser_->body_limit(boost::none);  // checked here, where too large and malformed differ
}

// The number of names has a bound of its own, so that the work is in proportion to the head.
template <bool kRequest>
bool MessageReader<kRequest>::drop_fields_of_connection() {
  boost::container::small_vector<std::string_view, 4> names;
  for (const std::string_view tokens : parser_->connection) {
    for (const auto token : http::token_list(tokens)) {
      const std::string_view name(token.data(), token.size());
      // The usual ones, which name no field.
      if (same_name(name, "close") || same_name(name, "keep-alive")) continue;
      if (names.size() == kMostConnectionNames) return false;
      names.push_back(name);
    }
  }
  if (names.empty()) return true;
  auto& fields = block_->fields;
  const auto named =
      std::remove_if(fields.begin(), fields.end(), [&names](const protocol::HeaderField& field) {
        return std::any_of(names.begin(), names.end(),
                           [&field](std::string_view name) { return same_name(name, field.name); });
      });
  fields.erase(named, fields.end());
  return true;
}

template <bool kRequest>
auto MessageReader<kRequest>::finish_head() -> Progress {
  head_done_ = true;
  head_.closes = !parser_->keep_alive();
  body_begin_ = body_end_ = parsed_;
  if (parser_->is_done()) {
    length_ = 0;  // the head said that there is no body
  } else if (const auto length = parser_->content_length()) {
    length_ = *length;
  }
  if (!parser_->connection.empty() && !drop_fields_of_connection()) {
    return fail(HttpFault::kMalformed, "too many names in Connection");
  }
  if (head_.chunked) {
    parser_->set_body(body_end_, limits_.body);
    parser_->eager(true);
  }
  return Progress::kDone;
}

template <bool kRequest>
auto MessageReader<kRequest>::read_body(bool ended) -> Progress {
  const auto length = length_;
  if (length && *length > limits_.body) {
    return fail(HttpFault::kBodyTooLarge, "the body is over the limit");
  }
  const std::size_t have = block_->size - body_begin_;
  if (length && have >= *length) {
    body_end_ = parsed_ = body_begin_ + *length;
    return Progress::kDone;
  }
  if (!length) {  // until the end: responses only
    if (have > limits_.body) return fail(HttpFault::kBodyTooLarge, "the body is over the limit");
    if (ended) {
      body_end_ = parsed_ = block_->size;
      return Progress::kDone;
    }
    block_->next_read = Block::kStoredPiece;
    if (block_->room() < kLeastRoom) make_room(2 * block_->capacity());
    return Progress::kNeedMore;
  }
  if (ended) return fail(HttpFault::kMalformed, "the body ended early");
  // Behind the body may come the next message, of which but a piece is wanted.
  block_->next_read = std::clamp(*length - have, Block::kPiece, Block::kStoredPiece);
  const std::size_t total = body_begin_ + *length;
  if (total <= kTrustedRoom) {
    make_room(total);
  } else if (block_->capacity() < total && block_->room() < kLeastRoom + have / 2) {
    make_room(std::min(total, std::max(2 * block_->capacity(), kTrustedRoom)));
  }
  return Progress::kNeedMore;
}

template <bool kRequest>
auto MessageReader<kRequest>::read_chunks(bool ended) -> Progress {
  boost::system::error_code ec = http::error::need_more;
  if (!rest().empty() && (parser_->is_in_chunk() || !may_be_part_of_last_chunk(rest()))) {
    parsed_ += parser_->put(boost::asio::buffer(rest().data(), rest().size()), ec);
  }
  if (parser_->body_too_large()) {
    return fail(HttpFault::kBodyTooLarge, "the body is over the limit");
  }
  if (ec && ec != http::error::need_more) return fail(HttpFault::kMalformed, "bad chunk");
  if (parser_->is_done()) return Progress::kDone;
  if (ended) return fail(HttpFault::kMalformed, "the body ended early");

  // What has not been parsed yet moves up to the body, so that framing takes no room.
  const std::size_t unparsed = block_->size - parsed_;
  if (unparsed > limits_.header || has_bare_line_end() ||
      // A line end that the last chunk has left comes first.
      (unparsed > kMostChunkLine &&
       rest().substr(0, kMostChunkLine).find('\n', 2) == std::string_view::npos)) {
    return fail(HttpFault::kMalformed, "bad chunk");
  }
  if (parsed_ > body_end_) {
    std::memmove(block_->data() + body_end_, block_->data() + parsed_, unparsed);
    lines_seen_ -= parsed_ - body_end_;
    parsed_ = body_end_;
    block_->size = parsed_ + unparsed;
  }
  if (block_->room() < kLeastRoom) make_room(2 * block_->capacity());
  return Progress::kNeedMore;
}

// Beast waits for the CRLF that ends a line, or for the empty line that ends a head or a trailer,
// which may never come. Each byte is looked at once.
template <bool kRequest>
bool MessageReader<kRequest>::has_bare_line_end() {
  const std::string_view bytes = block_->view(0, block_->size);
  std::size_t at = std::max(lines_seen_, parsed_);
  while ((at = bytes.find_first_of("\r\n", at)) < bytes.size()) {
    if (bytes[at] == '\n') return true;
    if (at + 1 == bytes.size()) break;  // what follows this CR is yet to come
    if (bytes[at + 1] != '\n') return true;
    at += 2;
  }
  lines_seen_ = std::min(at, bytes.size());
  return false;
}

template <bool kRequest>
void MessageReader<kRequest>::make_room(std::size_t total) {
  if (block_->capacity() >= total) return;
  const Block::Move move = block_->grow(total);
  for (std::string_view* view :
       {&head_.verb, &head_.target, &head_.host, &head_.content_type, &head_.content_encoding}) {
    *view = move(*view);
  }
  if (!parser_) return;
  for (std::string_view& tokens : parser_->connection) tokens = move(tokens);
}

template <bool kRequest>
auto MessageReader<kRequest>::fail(HttpFault fault, std::string_view text) -> Progress {
  fault_ = fault;
  fault_text_ = text;
  return Progress::kFault;
}

template <bool kRequest>
protocol::Payload MessageReader<kRequest>::body() const {
  protocol::Payload made(block_, block_->view(body_begin_, body_end_));
  made.set_content_type(head_.content_type);
  made.set_content_encoding(head_.content_encoding);
  return made;
}

template class MessageReader<true>;
template class MessageReader<false>;

}  // namespace infergraph::engine
