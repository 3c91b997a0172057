#pragma once

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace infergraph::protocol {

/// Most bytes of one protobuf message.
inline constexpr std::size_t kMostWireBytes = std::numeric_limits<std::int32_t>::max();

/// One field on the wire. Borrows: the message that it is in.
struct WireField {
  int number = 0;
  bool is_delimited = false;  ///< of bytes, a string, a message or a packed list
  std::string_view value;     ///< what is behind the length, if delimited
  std::string_view whole;     ///< with the tag
};

/// Calls `found(const WireField&)` with the fields of `wire` in their order. False when the message
/// is malformed, or `found` says so. Looks into none of them.
template <typename Found>
[[nodiscard]] bool for_each_field(std::string_view wire, Found found) {
  using google::protobuf::internal::WireFormatLite;
  if (wire.size() > kMostWireBytes) return false;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(wire.data()),
                                            static_cast<int>(wire.size()));
  while (true) {
    const auto begin = static_cast<std::size_t>(in.CurrentPosition());
    const std::uint32_t tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage();
    WireField field{.number = WireFormatLite::GetTagFieldNumber(tag)};
    if (field.number == 0) return false;
    if (WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      std::uint32_t size = 0;
      if (!in.ReadVarint32(&size)) return false;
      const auto at = static_cast<std::size_t>(in.CurrentPosition());
      if (size > wire.size() - at || !in.Skip(static_cast<int>(size))) return false;
      field.is_delimited = true;
      field.value = wire.substr(at, size);
    } else if (!WireFormatLite::SkipField(&in, tag)) {
      return false;
    }
    field.whole = wire.substr(begin, static_cast<std::size_t>(in.CurrentPosition()) - begin);
    if (!found(field)) return false;
  }
}

/// Appends the tag of the delimited field `number` and the length of its `size` bytes.
inline void append_field_head(std::string& out, int number, std::size_t size) {
  using google::protobuf::internal::WireFormatLite;
  using google::protobuf::io::CodedOutputStream;
  std::array<std::uint8_t, 10> head{};
  std::uint8_t* end = CodedOutputStream::WriteVarint32ToArray(
      WireFormatLite::MakeTag(number, WireFormatLite::WIRETYPE_LENGTH_DELIMITED), head.data());
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(size), end);
  out.append(head.data(), end);
}

inline void append_field(std::string& out, int number, std::string_view bytes) {
  append_field_head(out, number, bytes.size());
  out += bytes;
}

}  // namespace infergraph::protocol
