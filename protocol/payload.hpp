#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/protocol.hpp"

namespace infergraph::protocol {

/// One header or metadata entry. Borrows its text from whatever owns the message.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// An immutable message body, cheap to copy: a handle on bytes that somebody else read.
///
/// Owns/borrows: every view in it (bytes, content type, headers) is kept alive by `owner`, whatever
/// that is: a string, an HTTP buffer, a gRPC slice. Parallel children share one body.
/// Threads: may be read from any thread; the owner's reference count is atomic.
class Payload {
 public:
  Payload() = default;

  /// A body that borrows `bytes` from `owner`.
  Payload(std::shared_ptr<const void> owner, std::string_view bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  /// A JSON body made in the process.
  static Payload json(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::string_view bytes = *owner;
    Payload made(std::move(owner), bytes);
    made.content_type_ = "application/json";
    return made;
  }

  std::string_view bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

  /// As received; empty when the sender gave none.
  std::string_view content_type() const { return content_type_; }
  /// As received, "gzip" for one; empty means identity.
  std::string_view content_encoding() const { return content_encoding_; }

  /// HTTP status that came with an answer; 200 for one made in the process.
  int status() const { return status_; }
  /// End-to-end headers that came with an answer, without Content-Type and Content-Encoding.
  std::span<const HeaderField> headers() const { return headers_; }

  Protocol protocol() const { return protocol_; }
  Encoding encoding() const { return encoding_; }

  /// `value` must live as long as the owner, or for ever.
  void set_content_type(std::string_view value) { content_type_ = value; }
  void set_content_encoding(std::string_view value) { content_encoding_ = value; }
  void set_status(int status) { status_ = status; }
  void set_headers(std::span<const HeaderField> headers) { headers_ = headers; }
  void set_protocol(Protocol protocol) { protocol_ = protocol; }
  void set_encoding(Encoding encoding) { encoding_ = encoding; }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view bytes_;
  std::string_view content_type_;
  std::string_view content_encoding_;
  std::span<const HeaderField> headers_;
  int status_ = 200;
  Protocol protocol_ = Protocol::kSeldon;
  Encoding encoding_ = Encoding::kJson;
};

}  // namespace infergraph::protocol
