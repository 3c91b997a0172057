#include "protocol/codec/parse.hpp"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <limits>

namespace infergraph::protocol {

namespace {

bool fits(std::string_view wire) { return wire.size() <= std::numeric_limits<std::int32_t>::max(); }

}  // namespace

bool parse(std::string_view wire, google::protobuf::Message& message) {
  [[maybe_unused]] static auto* const kSilenced = google::protobuf::SetLogHandler(nullptr);
  return fits(wire) && message.ParseFromArray(wire.data(), static_cast<int>(wire.size()));
}

bool is_too_deep(std::string_view wire, const google::protobuf::Message& prototype) {
  // Parsing recurses, so this is as deep as it is worth to look.
  constexpr int kDeep = 1000;
  if (!fits(wire)) return false;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(wire.data()),
                                            static_cast<int>(wire.size()));
  in.SetRecursionLimit(kDeep);
  google::protobuf::Arena arena;
  return prototype.New(&arena)->ParseFromCodedStream(&in) && in.ConsumedEntireMessage();
}

}  // namespace infergraph::protocol
