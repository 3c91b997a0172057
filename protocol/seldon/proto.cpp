#include "protocol/seldon/proto.hpp"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/piece_list.hpp"
#include "protocol/seldon/route.hpp"
#include "protocol/wire/parse.hpp"
#include "seldon/prediction.pb.h"

namespace infergraph::protocol {

namespace {

using google::protobuf::Arena;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using seldon::protos::Feedback;
using seldon::protos::Meta;
using seldon::protos::SeldonMessage;
using seldon::protos::SeldonMessageList;
using seldon::protos::SeldonModelMetadataRequest;

constexpr std::size_t kMostBytes = std::numeric_limits<std::int32_t>::max();

constexpr std::uint32_t tag_of(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}

// Calls `found` with every occurrence of the length-delimited field `number`. False when the
// message is malformed, or `found` says so.
template <typename Found>
bool for_each(std::string_view wire, int number, Found found) {
  if (wire.size() > kMostBytes) return false;
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(wire.data()),
                      static_cast<int>(wire.size()));
  while (true) {
    const std::uint32_t tag = in.ReadTag();
    if (tag == 0) return in.ConsumedEntireMessage();
    if (tag != tag_of(number)) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto at = static_cast<std::size_t>(in.CurrentPosition());
    if (size > wire.size() - at || !in.Skip(static_cast<int>(size))) return false;
    if (!found(wire.substr(at, size))) return false;
  }
}

// A tag and a length.
constexpr std::size_t kMostBeforeField = 10;

void append_head(std::string& out, int number, std::size_t size) {
  std::array<std::uint8_t, kMostBeforeField> before{};
  std::uint8_t* end = CodedOutputStream::WriteVarint32ToArray(tag_of(number), before.data());
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(size), end);
  out.append(before.begin(), end);
}

void append_field(std::string& out, int number, std::string_view bytes) {
  append_head(out, number, bytes.size());
  out.append(bytes);
}

/// The first element of a message's data, or why there is none.
struct Element {
  std::optional<double> number;
  std::string wrong;
};

Element first_of(const google::protobuf::ListValue& list) {
  const google::protobuf::ListValue* row = &list;
  std::string at = "data.ndarray[0]";
  for (int level = 0; level < 2 && row->values_size() > 0; ++level) {
    const google::protobuf::Value& first = row->values(0);
    if (first.kind_case() == google::protobuf::Value::kNumberValue) return {first.number_value()};
    if (level == 1 || first.kind_case() != google::protobuf::Value::kListValue) {
      return {std::nullopt, at + " should be a number but is another value"};
    }
    row = &first.list_value();
    at += "[0]";
  }
  return {};
}

template <typename Values>
std::optional<double> front(const Values& values) {
  if (values.empty()) return std::nullopt;
  return static_cast<double>(values.Get(0));
}

Element first_of(const tensorflow::TensorProto& tensor) {
  for (const auto& value :
       {front(tensor.int_val()), front(tensor.int64_val()), front(tensor.float_val()),
        front(tensor.double_val()), front(tensor.uint32_val()), front(tensor.uint64_val())}) {
    if (value) return {value};
  }
  return {first_of_content(tensor.dtype(), tensor.tensor_content())};
}

Element first_of(const SeldonMessage& message) {
  const auto& data = message.data();
  if (data.has_tensor()) return {front(data.tensor().values())};
  if (data.has_ndarray()) return first_of(data.ndarray());
  if (data.has_tftensor()) return first_of(data.tftensor());
  return {};
}

}  // namespace

Result<int> read_route_proto(std::string_view wire, RouteOddity* oddity) {
  Arena arena;
  auto& message = *Arena::CreateMessage<SeldonMessage>(&arena);
  if (!parse(wire, message)) {
    return Status(Code::kBadUpstream, "the answer to route is not a SeldonMessage");
  }
  const bool is_empty = message.has_data() && message.data().ByteSizeLong() == 0;
  if (is_empty) return route_without_data(oddity);
  const Element element = first_of(message);
  return to_route(element.number, element.wrong, oddity);
}

Result<std::map<std::string, int>> read_feedback_routing_proto(std::string_view wire) {
  // The fields of one map, from wherever they stand, make a Meta that has nothing else.
  std::string entries;
  const auto copy_entry = [&entries](std::string_view entry) {
    append_field(entries, Meta::kRoutingFieldNumber, entry);
    return true;
  };
  const auto in_meta = [&](std::string_view meta) {
    return for_each(meta, Meta::kRoutingFieldNumber, copy_entry);
  };
  const auto in_response = [&](std::string_view response) {
    return for_each(response, SeldonMessage::kMetaFieldNumber, in_meta);
  };
  Meta meta;
  if (!for_each(wire, Feedback::kResponseFieldNumber, in_response) || !parse(entries, meta)) {
    return Status(Code::kInvalidArgument, "the message is not a Feedback");
  }
  return std::map<std::string, int>(meta.routing().begin(), meta.routing().end());
}

std::string with_routing_proto(std::string_view wire, RoutingEntries routing) {
  bool has_meta = false;
  const bool well_formed = for_each(wire, SeldonMessage::kMetaFieldNumber, [&](std::string_view) {
    has_meta = true;
    return true;
  });
  if (routing.empty() || !well_formed || !has_meta) return std::string(wire);
  SeldonMessage added;
  auto& entries = *added.mutable_meta()->mutable_routing();
  for (const auto& [name, branch] : routing) entries[std::string(name)] = branch;
  // Of messages behind one another the later fields count, and maps are joined.
  std::string merged(wire);
  return added.AppendToString(&merged) ? merged : std::string(wire);
}

Result<Payload> join_list_proto(std::span<const Payload> messages) {
  // What stands before each message lies in one string; the messages stay where they are.
  std::string heads;
  std::vector<std::size_t> ends;
  std::size_t size = 0;
  for (const Payload& message : messages) {
    append_head(heads, SeldonMessageList::kSeldonMessagesFieldNumber, message.size());
    ends.push_back(heads.size());
    size += message.size();
  }
  if (size + heads.size() > kMostBytes) {
    return Status(Code::kInvalidCombination, "the children's answers are more than 2 GiB");
  }
  const auto owner = std::make_shared<const std::string>(std::move(heads));
  std::vector<Payload> parts;
  parts.reserve(2 * messages.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    parts.emplace_back(owner, std::string_view(*owner).substr(begin, ends[i] - begin));
    parts.push_back(messages[i]);
    begin = ends[i];
  }
  Payload list(std::make_shared<const PieceList>(std::move(parts)));
  list.set_encoding(Encoding::kProto);
  return list;
}

Result<std::string> read_metadata_name(std::string_view wire) {
  SeldonModelMetadataRequest request;
  if (!parse(wire, request)) {
    return Status(Code::kInvalidArgument, "the message is not a SeldonModelMetadataRequest");
  }
  return std::move(*request.mutable_name());
}

}  // namespace infergraph::protocol
