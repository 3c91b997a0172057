#include "protocol/wire/parse.hpp"

#include <google/protobuf/arena.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>

#include "protocol/wire/fields.hpp"
#include "protocol/work.hpp"

namespace infergraph::protocol {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool fits(std::string_view wire) { return wire.size() <= std::numeric_limits<std::int32_t>::max(); }

// What protobuf's objects take, so that a message of nothing but two-byte fields is told from one
// of values. An estimate: within a factor of two of what is allocated.
constexpr std::size_t kPointer = 16;  // of an element, in a list that grows
constexpr std::size_t kString = 64;
constexpr std::size_t kMapNode = 64;
constexpr std::size_t kUnknown = 32;
constexpr std::size_t kUnknownText = 96;
constexpr int kDeepest = 100;  // as protobuf's parser

// Of an object of the type without what it points to.
std::size_t size_of_object(const Descriptor& type) {
  static thread_local std::unordered_map<const Descriptor*, std::size_t> known;
  // What a map's entry holds is counted with the map.
  if (type.map_key() != nullptr) return kMapNode;
  const auto [found, is_new] = known.try_emplace(&type, 0);
  if (is_new) {
    const auto* const prototype =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
    found->second = prototype == nullptr ? kMapNode : prototype->SpaceUsedLong();
  }
  return found->second;
}

// How much a byte of a packed list becomes.
std::size_t factor_of_packed(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return 1;
    case FieldDescriptor::CPPTYPE_BOOL:
      return 2;
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return 16;
    default:
      return 8;
  }
}

// What the message on the wire takes once it is parsed; an underestimate for a malformed one.
std::size_t size_when_parsed(std::string_view wire, const Descriptor& type, int depth) {
  constexpr unsigned kGroup = 3;
  std::size_t size = 0;
  const FieldDescriptor* field = nullptr;
  std::size_t object = 0;
  (void)for_each_field(wire, [&](const WireField& found) {
    if (field == nullptr || field->number() != found.number) {
      field = type.FindFieldByNumber(found.number);
      object = field != nullptr && field->message_type() != nullptr
                   ? size_of_object(*field->message_type())
                   : 0;
    }
    if (field == nullptr) {
      const bool is_group = (static_cast<unsigned char>(found.whole.front()) & 7U) == kGroup;
      size += is_group ? kUnknown * found.whole.size() : kUnknown;
      if (found.is_delimited) size += kUnknownText + found.value.size();
    } else if (field->message_type() != nullptr) {
      size += object + (field->is_repeated() ? kPointer : 0);
      if (found.is_delimited && depth < kDeepest) {
        size += size_when_parsed(found.value, *field->message_type(), depth + 1);
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      size += kString + (field->is_repeated() ? kPointer : 0) + found.value.size();
    } else if (field->is_repeated()) {
      size += found.is_delimited ? factor_of_packed(*field) * found.value.size() : kPointer;
    }
    return true;
  });
  return size;
}

bool can_be_afforded(std::string_view wire, const Descriptor& type) {
  // What a small message becomes is within what any message may.
  constexpr std::size_t kSmall = 8192;
  if (wire.size() <= kSmall) return true;
  return afford(size_when_parsed(wire, type, 0)).has_value();
}

}  // namespace

bool parse(std::string_view wire, google::protobuf::Message& message) {
  [[maybe_unused]] static auto* const kSilenced = google::protobuf::SetLogHandler(nullptr);
  if (!fits(wire)) return false;
  const WorkScope scope(wire.size());
  return can_be_afforded(wire, *message.GetDescriptor()) &&
         message.ParseFromArray(wire.data(), static_cast<int>(wire.size()));
}

bool is_too_deep(std::string_view wire, const google::protobuf::Message& prototype) {
  // Parsing recurses, so this is as deep as it is worth to look.
  constexpr int kDeep = 1000;
  const WorkScope scope(wire.size());
  if (!fits(wire) || !can_be_afforded(wire, *prototype.GetDescriptor())) return false;
  // Of a stream, protobuf reserves 50 MB for a string that claims to be as long.
  if (!for_each_field(wire, [](const WireField&) { return true; })) return false;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(wire.data()),
                                            static_cast<int>(wire.size()));
  in.SetRecursionLimit(kDeep);
  google::protobuf::Arena arena;
  return prototype.New(&arena)->ParseFromCodedStream(&in) && in.ConsumedEntireMessage();
}

}  // namespace infergraph::protocol
