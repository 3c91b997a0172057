#include "protocol/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>

#include <boost/algorithm/string/predicate.hpp>

namespace infergraph::protocol {

namespace {

// zlib's windowBits: the largest window, and what is wrapped around the stream.
constexpr int kGzip = MAX_WBITS + 16;
constexpr int kZlib = MAX_WBITS;
constexpr int kBare = -MAX_WBITS;

class Inflater {
 public:
  explicit Inflater(int wrapping) : ready_(inflateInit2(&stream_, wrapping) == Z_OK) {}
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }

  Result<std::string> run(std::string_view bytes, std::size_t limit, bool several_members) {
    if (!ready_) return Status(Code::kInternal, "zlib has no memory");
    std::string text;
    std::size_t written = 0;
    while (true) {
      if (written == text.size()) {
        // One byte more than allowed tells a text of exactly the limit from a longer one.
        const std::size_t most = std::max(limit, limit + 1);
        text.resize(std::min(most, std::max({text.size() * 2, bytes.size() * 4, kLeast})));
      }
      constexpr std::size_t kMost = std::numeric_limits<uInt>::max();  // zlib counts in 32 bits
      const std::size_t room = std::min(text.size() - written, kMost);
      const std::size_t given = std::min(bytes.size(), kMost);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(given);
      stream_.next_out = reinterpret_cast<Bytef*>(text.data() + written);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      bytes.remove_prefix(given - stream_.avail_in);
      const std::size_t made = room - stream_.avail_out;
      written += made;
      if (written > limit) return too_large(limit);
      if (result == Z_STREAM_END) {
        if (bytes.empty()) break;
        if (!several_members || inflateReset(&stream_) != Z_OK) return malformed();
      } else if (result == Z_BUF_ERROR || (result == Z_OK && bytes.empty() && made < room)) {
        return Status(Code::kBadUpstream, "the compressed body is truncated");
      } else if (result != Z_OK) {
        return malformed();
      }
    }
    text.resize(written);
    return text;
  }

 private:
  static constexpr std::size_t kLeast = 256;

  static Status malformed() {
    return Status(Code::kBadUpstream, "the compressed body is malformed");
  }
  static Status too_large(std::size_t limit) {
    return Status(Code::kTooLarge,
                  "the body unpacks to more than " + std::to_string(limit) + " bytes");
  }

  z_stream stream_{};
  bool ready_;
};

// A zlib header names the method deflate and is a multiple of 31 (RFC 1950 §2.2).
bool has_zlib_header(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const unsigned head =
      static_cast<unsigned char>(bytes[0]) * 256U + static_cast<unsigned char>(bytes[1]);
  return (static_cast<unsigned char>(bytes[0]) & 0x0FU) == 8U && head % 31U == 0U;
}

struct DecodedBody {
  Payload original;
  std::string text;
};

}  // namespace

Result<std::string> gunzip(std::string_view bytes, std::size_t limit) {
  return Inflater(kGzip).run(bytes, limit, true);
}

Result<std::string> inflate_deflate(std::string_view bytes, std::size_t limit) {
  return Inflater(has_zlib_header(bytes) ? kZlib : kBare).run(bytes, limit, false);
}

Result<Payload> decoded(const Payload& payload, std::size_t limit) {
  const std::string_view encoding = payload.content_encoding();
  if (encoding.empty() || boost::iequals(encoding, "identity")) return payload;
  const bool gzip = boost::iequals(encoding, "gzip") || boost::iequals(encoding, "x-gzip");
  if (!gzip && !boost::iequals(encoding, "deflate")) {
    return Status(Code::kBadUpstream,
                  "the content encoding \"" + std::string(encoding) + "\" is not supported");
  }
  Result<std::string> text =
      gzip ? gunzip(payload.bytes(), limit) : inflate_deflate(payload.bytes(), limit);
  if (!text) return text.error();
  auto body = std::make_shared<const DecodedBody>(DecodedBody{payload, std::move(*text)});
  const std::string_view bytes = body->text;
  Payload plain(std::move(body), bytes);
  plain.set_content_type(payload.content_type());
  plain.set_headers(payload.headers());
  plain.set_status(payload.status());
  plain.set_protocol(payload.protocol());
  plain.set_encoding(payload.encoding());
  plain.set_origin(payload.origin());
  plain.set_model(payload.model());
  if (const auto json_size = payload.json_size()) plain.set_json_size(*json_size);
  return plain;
}

}  // namespace infergraph::protocol
