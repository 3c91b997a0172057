#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "protocol/payload.hpp"
#include "protocol/status.hpp"

namespace infergraph::protocol {

/// So much may come out of anything; beyond, 40 times what came in (kWorkFactor).
inline constexpr std::size_t kAlwaysUnpacked = std::size_t{64} << 20U;

/// What came out of a packed text. Its memory grows without being copied, and takes no more than
/// what it holds.
class Unpacked {
 public:
  std::string_view text() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }

 private:
  friend class Inflater;
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> bytes_;
  std::size_t size_ = 0;
};

/// What gzip text (RFC 1952, one member or several) unpacks to.
/// Errors: kTooLarge for more than `limit` bytes, or more than so few bytes may become, before they
/// are unpacked; kBadUpstream for what is malformed, truncated or followed by other bytes; those of
/// afford(), which is asked before each piece of memory.
Result<Unpacked> gunzip(std::string_view bytes, std::size_t limit);

/// The same for `Content-Encoding: deflate`: zlib (RFC 1950), or bare deflate, which some send.
Result<Unpacked> inflate_deflate(std::string_view bytes, std::size_t limit);

/// `payload` without its content encoding: itself for identity, unpacked for gzip, x-gzip, deflate.
/// Owns: keeps the old payload alive, whose content type and headers it goes on borrowing.
/// Errors: those of gunzip; kBadUpstream for any other encoding.
Result<Payload> decoded(const Payload& payload, std::size_t limit);

}  // namespace infergraph::protocol
