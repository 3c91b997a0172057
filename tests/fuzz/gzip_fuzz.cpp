// Unpacking hostile bodies: never beyond the limit, and always what was packed.
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/gzip.hpp"
#include "tests/support/bounds.hpp"

namespace {

constexpr std::size_t kLimit = 1 << 18;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string packed(std::string_view text) {
  z_stream stream{};
  require(deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using infergraph::protocol::gunzip;
  using infergraph::protocol::inflate_deflate;
  const infergraph::fuzz::Bounded bounded("gzip", size + kLimit,
                                          infergraph::fuzz::Bound::of_all(5));
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto text = gunzip(bytes, kLimit)) {
    require(text->size() <= kLimit);
    require(text->size() == 0 || !gunzip(bytes, text->size() - 1));
    require(gunzip(bytes, text->size())->text() == text->text());
  }
  if (const auto text = inflate_deflate(bytes, kLimit)) require(text->size() <= kLimit);
  require(gunzip(packed(bytes), size)->text() == bytes);
  return 0;
}
