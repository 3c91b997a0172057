#include "protocol/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <string>

#include "base/ascii.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

// zlib's windowBits: the largest window, and what is wrapped around the stream.
constexpr int kGzip = MAX_WBITS + 16;
constexpr int kZlib = MAX_WBITS;
constexpr int kBare = -MAX_WBITS;

std::size_t most_of(std::size_t came, std::size_t limit) {
  std::size_t most = 0;
  if (__builtin_mul_overflow(came, kWorkFactor, &most)) return limit;
  return std::min(limit, std::max(most, kAlwaysUnpacked));
}

}  // namespace

class Inflater {
 public:
  explicit Inflater(int wrapping) : ready_(inflateInit2(&stream_, wrapping) == Z_OK) {}
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }

  Result<Unpacked> run(std::string_view bytes, std::size_t limit, bool several_members) {
    if (!ready_) return Status(Code::kInternal, "zlib has no memory");
    const std::size_t came = bytes.size();
    const std::size_t most = most_of(came, limit);
    Unpacked made;
    std::size_t capacity = 0;
    while (true) {
      if (made.size_ == capacity) {
        // One byte more than allowed tells a text of exactly the limit from a longer one.
        const std::size_t larger = std::min(std::max(most, most + 1), grown(capacity, came));
        if (auto fine = afford(larger - capacity); !fine) return fine.error();
        capacity = larger;
        reserve(made, capacity);
      }
      constexpr std::size_t kMost = std::numeric_limits<uInt>::max();  // zlib counts in 32 bits
      const std::size_t room = std::min(capacity - made.size_, kMost);
      const std::size_t given = std::min(bytes.size(), kMost);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream_.avail_in = static_cast<uInt>(given);
      stream_.next_out = reinterpret_cast<Bytef*>(made.bytes_.get() + made.size_);
      stream_.avail_out = static_cast<uInt>(room);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      bytes.remove_prefix(given - stream_.avail_in);
      const std::size_t came_out = room - stream_.avail_out;
      made.size_ += came_out;
      if (made.size_ > most) return too_large(came, limit, most);
      if (result == Z_STREAM_END) {
        if (bytes.empty()) break;
        if (!several_members || inflateReset(&stream_) != Z_OK) return malformed();
      } else if (result == Z_BUF_ERROR || (result == Z_OK && bytes.empty() && came_out < room)) {
        return Status(Code::kBadUpstream, "the compressed body is truncated");
      } else if (result != Z_OK) {
        return malformed();
      }
    }
    if (made.size_ < capacity / 2) reserve(made, std::max<std::size_t>(made.size_, 1));
    return made;
  }

 private:
  // Doubled, and what is large by pieces that let a cancelled request go.
  static std::size_t grown(std::size_t capacity, std::size_t came) {
    constexpr std::size_t kLeast = 256;
    constexpr std::size_t kMost = std::size_t{4} << 20U;
    const std::size_t more = capacity == 0 ? std::max(came * 4, kLeast) : capacity;
    return capacity + std::min(more, kMost);
  }

  static void reserve(Unpacked& text, std::size_t capacity) {
    // Large memory is moved by the kernel's page table, not copied.
    auto* const memory = static_cast<char*>(std::realloc(text.bytes_.get(), capacity));
    if (memory == nullptr) throw std::bad_alloc();
    (void)text.bytes_.release();
    text.bytes_.reset(memory);
  }

  static Status malformed() {
    return Status(Code::kBadUpstream, "the compressed body is malformed");
  }
  static Status too_large(std::size_t came, std::size_t limit, std::size_t most) {
    return Status(Code::kTooLarge,
                  "the body unpacks to more than " +
                      (most == limit ? ""
                                     : std::to_string(kWorkFactor) + " times its " +
                                           std::to_string(came) + " bytes, and ") +
                      std::to_string(most) + " bytes");
  }

  z_stream stream_{};
  bool ready_;
};

namespace {

// A zlib header names the method deflate and is a multiple of 31 (RFC 1950 §2.2).
bool has_zlib_header(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const unsigned head =
      static_cast<unsigned char>(bytes[0]) * 256U + static_cast<unsigned char>(bytes[1]);
  return (static_cast<unsigned char>(bytes[0]) & 0x0FU) == 8U && head % 31U == 0U;
}

struct DecodedBody {
  Payload original;
  Unpacked text;
};

}  // namespace

Result<Unpacked> gunzip(std::string_view bytes, std::size_t limit) {
  return Inflater(kGzip).run(bytes, limit, true);
}

Result<Unpacked> inflate_deflate(std::string_view bytes, std::size_t limit) {
  return Inflater(has_zlib_header(bytes) ? kZlib : kBare).run(bytes, limit, false);
}

Result<Payload> decoded(const Payload& payload, std::size_t limit) {
  const std::string_view encoding = payload.content_encoding();
  if (encoding.empty() || same_name(encoding, "identity")) return payload;
  const bool gzip = same_name(encoding, "gzip") || same_name(encoding, "x-gzip");
  if (!gzip && !same_name(encoding, "deflate")) {
    return Status(Code::kBadUpstream,
                  "the content encoding \"" + std::string(encoding) + "\" is not supported");
  }
  Result<Unpacked> text =
      gzip ? gunzip(payload.bytes(), limit) : inflate_deflate(payload.bytes(), limit);
  if (!text) return text.error();
  auto body = std::make_shared<const DecodedBody>(DecodedBody{payload, std::move(*text)});
  const std::string_view bytes = body->text.text();
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
