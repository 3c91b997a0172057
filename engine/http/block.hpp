#pragma once

#include <cstddef>
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
  static constexpr std::size_t kInlineCapacity = 4096;

  /// A block with room for at least `capacity` bytes.
  static std::shared_ptr<Block> make(std::size_t capacity = kInlineCapacity);

  explicit Block(std::size_t capacity);
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  char* data() { return large_ ? large_.get() : inline_; }
  const char* data() const { return large_ ? large_.get() : inline_; }
  std::size_t capacity() const { return capacity_; }
  std::size_t room() const { return capacity_ - size; }
  std::string_view view(std::size_t begin, std::size_t end) const {
    return {data() + begin, end - begin};
  }

  /// A copy with more room; the views among `fields` that point into this block follow.
  std::shared_ptr<Block> grown(std::size_t capacity) const;

  /// The same text in `other`, a copy of this block, or `view` itself when it lies elsewhere.
  std::string_view moved_view(std::string_view view, const Block& other) const;

  /// Keeps text that lies outside the bytes: a header value that was folded over several lines.
  std::string_view keep(std::string_view text) { return kept_.emplace_back(text); }

  std::size_t size = 0;  ///< bytes filled
  boost::container::small_vector<protocol::HeaderField, 16> fields;

 private:
  std::size_t capacity_;
  std::unique_ptr<char[]> large_;
  std::list<std::string> kept_;  // a list: its elements stay put, and empty it costs nothing
  char inline_[kInlineCapacity];
};

}  // namespace infergraph::engine
