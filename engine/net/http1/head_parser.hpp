#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/container/small_vector.hpp>

#include "base/ascii.hpp"
#include "engine/net/block.hpp"
#include "engine/net/http1/message_head.hpp"

namespace infergraph::engine {

/// Beast's parser, told to keep views instead of copies. Used by MessageReader alone, which owns
/// everything that it points at.
template <bool kRequest>
class HeadParser : public boost::beast::http::basic_parser<kRequest> {
  using Base = boost::beast::http::basic_parser<kRequest>;
  using Text = boost::beast::string_view;
  using ErrorCode = boost::beast::error_code;
  using Field = boost::beast::http::field;
  using Error = boost::beast::http::error;

 public:
  explicit HeadParser(MessageHead& head) : head_(head) {}

  /// Where the next field goes; changes when the block grows.
  void set_block(Block& block) { block_ = &block; }
  /// Where the end of the contiguous body is, for chunks.
  void set_body(std::size_t& body_end, std::size_t limit) {
    body_end_ = &body_end;
    body_limit_ = limit;
  }
  bool body_too_large() const { return body_too_large_; }
  /// True while bytes of a chunk are to come, which may look like a chunk's line.
  bool is_in_chunk() const { return chunk_left_ > 0; }

  /// What the Connection headers list.
  boost::container::small_vector<std::string_view, 2> connection;

 private:
  static std::string_view plain(Text text) { return {text.data(), text.size()}; }

  void on_request_impl(boost::beast::http::verb, Text verb, Text target, int version,
                       ErrorCode&) override {
    head_.verb = plain(verb);
    head_.target = plain(target);
    head_.version = version;
  }

  void on_response_impl(int status, Text, int version, ErrorCode&) override {
    head_.status = status;
    head_.version = version;
  }

  // A value that was folded over lines (RFC 9112 §5.2) comes from a buffer of the parser's own, or
  // lies behind the end of an empty line.
  bool is_folded(std::string_view name, std::string_view value) const {
    const std::less_equal<const char*> not_after;
    const char* const begin = name.data() + name.size();
    return !not_after(block_->data(), value.data()) ||
           !not_after(value.data(), block_->data() + block_->size) ||
           std::string_view(begin, static_cast<std::size_t>(value.data() - begin)).find('\n') !=
               std::string_view::npos;
  }
  bool is_ours(std::string_view value) const {
    const std::less_equal<const char*> not_after;
    return not_after(block_->data(), value.data()) &&
           not_after(value.data(), block_->data() + block_->size);
  }

  void on_field_impl(Field field, Text name, Text value_text, ErrorCode& ec) override {
    if (trailers_) return;
    std::string_view value = plain(value_text);
    if (!value.empty() && !is_ours(value)) value = block_->keep(value);
    switch (field) {
      case Field::host:
        if (head_.has_host || is_folded(name, value_text)) ec = Error::bad_field;
        head_.has_host = true;
        head_.host = value;
        break;
      case Field::content_type:
        if (head_.content_type.empty()) head_.content_type = value;
        break;
      case Field::content_encoding:
        if (head_.content_encoding.empty()) head_.content_encoding = value;
        break;
      case Field::transfer_encoding:
        // Beast takes "gzip" for a message without a body, a way to smuggle a request.
        if (head_.chunked || head_.version < 11 || is_folded(name, value_text) ||
            !same_name(plain(value_text), "chunked")) {
          ec = Error::bad_transfer_encoding;
        }
        head_.chunked = true;
        break;
      case Field::content_length:
        if (is_folded(name, value_text)) ec = Error::bad_content_length;
        break;
      case Field::expect:
        head_.expects_continue = same_name(plain(value_text), "100-continue");
        break;
      case Field::connection:
        if (is_folded(name, value_text)) ec = Error::bad_field;
        connection.push_back(value);
        break;
      case Field::keep_alive:
      case Field::proxy_connection:
      case Field::proxy_authenticate:
      case Field::proxy_authorization:
      case Field::te:
      case Field::trailer:
      case Field::upgrade:
        break;
      default:
        block_->fields.push_back({plain(name), value});
    }
  }

  void on_header_impl(ErrorCode&) override { trailers_ = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, ErrorCode&) override {}
  std::size_t on_body_impl(Text body, ErrorCode&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t size, Text, ErrorCode&) override { chunk_left_ = size; }

  std::size_t on_chunk_body_impl(std::uint64_t left, Text body, ErrorCode& ec) override {
    if (body.size() > body_limit_) {
      body_too_large_ = true;
      ec = Error::body_limit;
      return 0;
    }
    body_limit_ -= body.size();
    std::memmove(block_->data() + *body_end_, body.data(), body.size());
    *body_end_ += body.size();
    chunk_left_ = left - body.size();
    return body.size();
  }

  void on_finish_impl(ErrorCode&) override {}

  MessageHead& head_;
  Block* block_ = nullptr;
  std::size_t* body_end_ = nullptr;
  std::size_t body_limit_ = 0;
  std::uint64_t chunk_left_ = 0;
  bool trailers_ = false;
  bool body_too_large_ = false;
};

}  // namespace infergraph::engine
