#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/protocol.hpp"

namespace infergraph::protocol {

struct ModelProfile;

/// One header or metadata entry. Borrows its text from whatever owns the message.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// A body that came in pieces, such as a gRPC message in slices. Whoever sends it on takes the
/// pieces; whoever looks into it has them joined, once.
/// Threads: any.
class Pieces {
 public:
  virtual ~Pieces() = default;
  /// All bytes, in one stretch that lives as long as this object.
  virtual std::string_view joined() const = 0;
  /// How they begin: the first piece.
  virtual std::string_view front() const = 0;
  virtual std::size_t size() const = 0;
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

  /// A body in pieces.
  explicit Payload(const std::shared_ptr<const Pieces>& pieces)
      : owner_(pieces), pieces_(pieces.get()) {}

  /// A JSON body made in the process.
  static Payload json(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::string_view bytes = *owner;
    Payload made(std::move(owner), bytes);
    made.content_type_ = "application/json";
    return made;
  }

  /// A proto message made in the process.
  static Payload proto(std::string wire) {
    auto owner = std::make_shared<const std::string>(std::move(wire));
    const std::string_view bytes = *owner;
    Payload made(std::move(owner), bytes);
    made.encoding_ = Encoding::kProto;
    return made;
  }

  std::string_view bytes() const { return pieces_ == nullptr ? bytes_ : pieces_->joined(); }
  std::size_t size() const { return pieces_ == nullptr ? bytes_.size() : pieces_->size(); }
  bool empty() const { return size() == 0; }
  /// The pieces that it came in; null when it came in one.
  const Pieces* pieces() const { return pieces_; }

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

  /// Bytes of the JSON in front of binary tensor data (v2's Inference-Header-Content-Length);
  /// nothing when the whole body is JSON.
  std::optional<std::size_t> json_size() const {
    return json_size_ == kNoBinary ? std::nullopt : std::optional(json_size_);
  }

  /// The model of the node that answered, for whoever converts the answer; null when nobody will.
  const std::shared_ptr<const ModelProfile>& model() const { return model_; }

  /// Name of the node that answered with it; empty for what the caller sent. Lives as long as the
  /// plan.
  std::string_view origin() const { return origin_; }

  /// `value` must live as long as the owner, or for ever.
  void set_content_type(std::string_view value) { content_type_ = value; }
  void set_content_encoding(std::string_view value) { content_encoding_ = value; }
  void set_status(int status) { status_ = status; }
  void set_headers(std::span<const HeaderField> headers) { headers_ = headers; }
  void set_protocol(Protocol protocol) { protocol_ = protocol; }
  void set_encoding(Encoding encoding) { encoding_ = encoding; }
  void set_json_size(std::size_t size) { json_size_ = size; }
  void set_model(std::shared_ptr<const ModelProfile> model) { model_ = std::move(model); }
  void set_origin(std::string_view node) { origin_ = node; }

 private:
  static constexpr std::size_t kNoBinary = static_cast<std::size_t>(-1);

  std::shared_ptr<const void> owner_;
  std::shared_ptr<const ModelProfile> model_;
  const Pieces* pieces_ = nullptr;
  std::string_view bytes_;
  std::string_view origin_;
  std::string_view content_type_;
  std::string_view content_encoding_;
  std::span<const HeaderField> headers_;
  std::size_t json_size_ = kNoBinary;
  int status_ = 200;
  Protocol protocol_ = Protocol::kSeldon;
  Encoding encoding_ = Encoding::kJson;
};

}  // namespace infergraph::protocol
