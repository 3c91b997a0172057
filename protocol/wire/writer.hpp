#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infergraph::protocol {

/// Writes protobuf's wire format front to back in O(n). The length before a message is known only
/// behind it, so the writer leaves a hole there and fills all of them in one pass at the end.
/// Threads: one.
class WireWriter {
 public:
  using CodedOutputStream = google::protobuf::io::CodedOutputStream;
  using WireType = google::protobuf::internal::WireFormatLite::WireType;
  static constexpr WireType kVarint = WireType::WIRETYPE_VARINT;
  static constexpr WireType kFixed64 = WireType::WIRETYPE_FIXED64;
  static constexpr WireType kFixed32 = WireType::WIRETYPE_FIXED32;
  static constexpr WireType kLengthDelimited = WireType::WIRETYPE_LENGTH_DELIMITED;

  explicit WireWriter(std::size_t expected) { bytes_.reserve(expected); }

  void tag(int number, WireType type) {
    varint(google::protobuf::internal::WireFormatLite::MakeTag(number, type));
  }

  void varint(std::uint64_t value) {
    if (value < 0x80) {
      bytes_ += static_cast<char>(value);
      return;
    }
    std::array<std::uint8_t, 10> digits{};
    std::uint8_t* const end = CodedOutputStream::WriteVarint64ToArray(value, digits.data());
    bytes_.append(digits.data(), end);
  }

  void fixed64(std::uint64_t value) { fixed(value); }
  void fixed32(std::uint32_t value) { fixed(value); }

  /// A field of bytes or a string.
  void field(int number, std::string_view value) {
    tag(number, kLengthDelimited);
    varint(value.size());
    bytes_ += value;
  }

  /// What is written goes into the field `number`, until close().
  void open(int number) {
    const std::size_t tag_at = bytes_.size();
    tag(number, kLengthDelimited);
    open_.push_back({tag_at, bytes_.size(), holes_.size(), 0});
    holes_.push_back({static_cast<std::uint32_t>(bytes_.size()), 0});
  }

  void close() {
    const Open closed = open_.back();
    open_.pop_back();
    const std::size_t size = bytes_.size() - closed.begin + closed.lengths;
    holes_[closed.hole].size = static_cast<std::uint32_t>(size);
    if (open_.empty()) return;
    open_.back().lengths += closed.lengths + CodedOutputStream::VarintSize64(size);
  }

  /// The same for a list of numbers, which is left out when it is empty.
  void close_packed() {
    const Open& closed = open_.back();
    if (bytes_.size() > closed.begin) return close();
    bytes_.resize(closed.tag);
    holes_.pop_back();
    open_.pop_back();
  }

  /// Fields that are open.
  std::size_t depth() const { return open_.size(); }

  /// For values written in place. Only append.
  std::string& bytes() { return bytes_; }

  /// The message; nothing if it is longer than protobuf allows (2 GiB).
  std::optional<std::string> finish() && {
    std::size_t size = bytes_.size();
    if (size > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
    for (const Hole& hole : holes_) {
      size += CodedOutputStream::VarintSize64(hole.size);
    }
    if (size > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
    // From the back, so that everything moves once and within the same memory.
    std::size_t moved = bytes_.size();
    bytes_.resize(size);
    std::size_t end = size;
    for (auto hole = holes_.rbegin(); hole != holes_.rend(); ++hole) {
      const std::size_t length = moved - hole->at;
      end -= length;
      std::memmove(bytes_.data() + end, bytes_.data() + hole->at, length);
      end -= CodedOutputStream::VarintSize64(hole->size);
      CodedOutputStream::WriteVarint64ToArray(hole->size,
                                              reinterpret_cast<std::uint8_t*>(&bytes_[end]));
      moved = hole->at;
    }
    return std::move(bytes_);
  }

 private:
  static_assert(std::endian::native == std::endian::little, "the wire is little-endian");

  template <typename T>
  void fixed(T value) {
    std::array<char, sizeof value> raw{};
    std::memcpy(raw.data(), &value, sizeof value);
    bytes_.append(raw.data(), raw.size());
  }

  // There may be one for every few bytes. What doesn't fit is more than 2 GiB, and never read.
  struct Hole {
    std::uint32_t at;
    std::uint32_t size;
  };
  struct Open {
    std::size_t tag;
    std::size_t begin;
    std::size_t hole;
    std::size_t lengths;  // bytes that the holes in it will take
  };

  std::string bytes_;
  std::vector<Hole> holes_;  // by position
  std::vector<Open> open_;
};

}  // namespace infergraph::protocol
