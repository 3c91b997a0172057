#pragma once

#include <google/protobuf/descriptor.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/status.hpp"

namespace infergraph::protocol {

/// Most messages inside one another that are written: protobuf's parsers in most languages read
/// 100, and an aggregate's list puts one more around a message. A list inside an ndarray takes two
/// (Value and ListValue), a map entry one.
inline constexpr std::size_t kMaxMessageDepth = 99;

/// Most google.protobuf.Any inside one another. Each is converted by itself, on the C++ stack.
inline constexpr int kMaxAnyDepth = 8;

/// The wire bytes of the message `type` that `json` is in the proto3 JSON mapping. Streams: no
/// value is held but in its place on the wire. Takes both names of a field, ignores unknown ones,
/// and takes bare NaN, Infinity and -Infinity where a float or double is expected.
/// Threads: any. Errors: kInvalidArgument with the path ("data.tensor.values[3]: expected a number
/// but found a string").
/// Source: https://protobuf.dev/programming-guides/json/
Result<std::string> json_to_proto(std::string_view json, const google::protobuf::Descriptor& type);

/// The JSON of `wire`, a message of the generated type `type`: compact, lowerCamelCase, without
/// defaults but with sub-messages that are empty, map entries in the order of their keys.
/// Threads: any. Errors: kInvalidArgument for a malformed message, one too deep, and, with the
/// path, for what JSON can't hold.
Result<std::string> proto_to_json(std::string_view wire, const google::protobuf::Descriptor& type);

}  // namespace infergraph::protocol
