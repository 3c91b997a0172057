#include "engine/http/message_reader.hpp"

#include <algorithm>
#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace infergraph::engine {
namespace {

namespace http = boost::beast::http;

// Up to here a body that announces its length gets all its room at once; beyond, the room grows
// with what really comes, so that a lying Content-Length costs nothing.
constexpr std::size_t kTrustedRoom = std::size_t{1} << 20;

// A head, a chunk's line or a trailer always finds at least this much to read into.
constexpr std::size_t kLeastRoom = 1024;

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
  parser_.emplace(head_);
  parser_->set_block(*block_);
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header));
  parser_->body_limit(boost::none);  // checked here, where too large and malformed differ
  head_done_ = done_ = false;
  parsed_ = body_begin_ = body_end_ = 0;
  fault_ = HttpFault::kNone;
  fault_text_ = {};
}

template <bool kRequest>
auto MessageReader<kRequest>::advance(bool ended) -> Progress {
  if (fault_ != HttpFault::kNone) return Progress::kFault;
  if (done_) return Progress::kDone;
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
  if (!parser_->got_some()) {
    // An empty line before a request is to be ignored (RFC 9112 §2.2).
    while (rest().starts_with("\r\n")) parsed_ += 2;
  }
  boost::system::error_code ec;
  if (rest().empty() || (rest() == "\r" && !parser_->got_some())) {
    ec = http::error::need_more;
  } else {
    parsed_ += parser_->put(boost::asio::buffer(rest().data(), rest().size()), ec);
  }
  if (ec == http::error::header_limit || parsed_ > limits_.header ||
      (ec == http::error::need_more && block_->size >= limits_.header)) {
    return fail(HttpFault::kHeaderTooLarge, "the head is over the limit");
  }
  if (ec == http::error::need_more) {
    if (block_->room() < kLeastRoom) make_room(2 * block_->capacity());
    return Progress::kNeedMore;
  }
  if (ec) return fail(HttpFault::kMalformed, "malformed head");
  finish_head();
  return Progress::kDone;
}

template <bool kRequest>
void MessageReader<kRequest>::finish_head() {
  head_done_ = true;
  head_.closes = !parser_->keep_alive();
  body_begin_ = body_end_ = parsed_;
  for (const std::string_view tokens : parser_->connection) {
    for (const auto token : http::token_list(tokens)) {
      auto& fields = block_->fields;
      const auto named =
          std::remove_if(fields.begin(), fields.end(), [token](const protocol::HeaderField& field) {
            return boost::beast::iequals(token, boost::beast::string_view(field.name));
          });
      fields.erase(named, fields.end());
    }
  }
  if (head_.chunked) {
    parser_->set_body(body_end_, limits_.body);
    parser_->eager(true);
  }
}

template <bool kRequest>
auto MessageReader<kRequest>::read_body(bool ended) -> Progress {
  if (parser_->is_done()) return Progress::kDone;  // the head said that there is no body
  const auto length = parser_->content_length();
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
    if (block_->room() < kLeastRoom) make_room(2 * block_->capacity());
    return Progress::kNeedMore;
  }
  if (ended) return fail(HttpFault::kMalformed, "the body ended early");
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
  if (!rest().empty() && !may_be_part_of_last_chunk(rest())) {
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
  if (unparsed > limits_.header) return fail(HttpFault::kMalformed, "bad chunk");
  if (parsed_ > body_end_) {
    std::memmove(block_->data() + body_end_, block_->data() + parsed_, unparsed);
    parsed_ = body_end_;
    block_->size = parsed_ + unparsed;
  }
  if (block_->room() < kLeastRoom) make_room(2 * block_->capacity());
  return Progress::kNeedMore;
}

template <bool kRequest>
void MessageReader<kRequest>::make_room(std::size_t total) {
  if (block_->capacity() >= total) return;
  auto grown = block_->grown(total);
  for (std::string_view* view :
       {&head_.verb, &head_.target, &head_.content_type, &head_.content_encoding}) {
    *view = block_->moved_view(*view, *grown);
  }
  for (std::string_view& tokens : parser_->connection) {
    tokens = block_->moved_view(tokens, *grown);
  }
  block_ = std::move(grown);
  parser_->set_block(*block_);
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
