#include "protocol/gzip_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace infergraph::protocol {

namespace {

// zlib's windowBits for gzip, and its own default of memory.
constexpr int kGzip = MAX_WBITS + 16;
constexpr int kMemory = 8;

}  // namespace

std::string gzipped(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    return "";
  }
  std::string packed;
  // Enough for whatever it is, so that one pass does.
  packed.resize(deflateBound(&stream, bytes.size()));
  constexpr std::size_t kMost = std::numeric_limits<uInt>::max();  // zlib counts in 32 bits
  std::size_t written = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    const std::size_t given = std::min(bytes.size(), kMost);
    const std::size_t room = std::min(packed.size() - written, kMost);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(given);
    stream.next_out = reinterpret_cast<Bytef*>(packed.data() + written);
    stream.avail_out = static_cast<uInt>(room);
    result = deflate(&stream, given == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
    bytes.remove_prefix(given - stream.avail_in);
    written += room - stream.avail_out;
  }
  deflateEnd(&stream);
  packed.resize(result == Z_STREAM_END ? written : 0);
  return packed;
}

}  // namespace infergraph::protocol
