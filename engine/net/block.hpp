#pragma once

#include <cstddef>
#include <cstdlib>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "protocol/payload.hpp"

namespace infergraph::engine {

/// The bytes of one HTTP message and the views into them, so that a payload that holds the block
/// holds everything it may point at.
///
/// Threads: filled by one thread; released by any (blocks go back to a free list of the releasing
/// thread, which saves an allocation a message).
class Block {
 public:
  using Fields = boost::container::small_vector<protocol::HeaderField, 16>;

  static constexpr std::size_t kInlineCapacity = 4096;
  /// How much is read at a time of what has to be looked at byte by byte: a fraction of a
  /// millisecond's work.
  static constexpr std::size_t kPiece = std::size_t{64} << 10;
  /// The same of what is only stored.
  static constexpr std::size_t kStoredPiece = std::size_t{512} << 10;

  /// A block with room for at least `capacity` bytes.
  static std::shared_ptr<Block> make(std::size_t capacity = kInlineCapacity);

  /// A block of the bytes of `block` from `begin` on, which belong to the message behind its own.
  /// They stay where they are, and so does the room behind them; but few bytes at the end of a
  /// large block are moved, so that it can go. No byte is moved twice on this way, however many
  /// messages lie in a block. `block` must take no more bytes.
  static std::shared_ptr<Block> behind(const std::shared_ptr<Block>& block, std::size_t begin);

  explicit Block(std::size_t capacity);
  Block(std::shared_ptr<Block> under, std::size_t begin);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }
  std::size_t room() const { return capacity_ - size; }
  std::string_view view(std::size_t begin, std::size_t end) const {
    return {data_ + begin, end - begin};
  }

  /// How views into a block follow when it has grown. A view into something else stays as it is.
  struct Move {
    const char* from;
    std::size_t size;
    const char* to;
    std::string_view operator()(std::string_view view) const;
  };

  /// Makes more room; the views among `fields` follow. Nobody else may have a view into the block.
  Move grow(std::size_t capacity);

  /// Keeps text that lies outside the bytes: a header value that was folded over several lines.
  std::string_view keep(std::string_view text) { return kept_.emplace_back(text); }

  std::size_t size = 0;            ///< bytes filled
  std::size_t next_read = kPiece;  ///< at most so many bytes are to be read into it at a time
  Fields fields;

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };

  char* data_;
  std::size_t capacity_;
  // malloc's, since realloc moves pages instead of copying them when there are many.
  std::unique_ptr<char, Free> large_;
  std::shared_ptr<Block> under_;  // whose bytes these are, or none
  std::list<std::string> kept_;   // a list: its elements stay put, and empty it costs nothing
  char inline_[kInlineCapacity];
};

}  // namespace infergraph::engine
